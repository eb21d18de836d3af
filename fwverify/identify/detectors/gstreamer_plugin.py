"""GStreamer's plug-ins: the packages they come from, and their release.

GStreamer core library reference, GstPlugin (GST_PLUGIN_DEFINE): a plug-in's description holds its release, its licence,
the source package it was built from (`gst-plugins-good`) and where that comes from, as texts; it exports
`gst_plugin_NAME_get_desc`. Read 2026-11-23. Only GStreamer's own packages are named, and only where one of them and one
release of three numbers stand alone near it. Does NOT name plug-ins of others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "gstreamer-plugin"
CONFIDENCE, UNKNOWN = 80, 70
"""Percent: with a release, and without."""
NEAR = 256
"""Bytes: the texts of one description stand together."""
_PLACE = re.compile(r"(?:^|/)gstreamer-1\.0/libgst[\w-]+\.so$", re.ASCII)
_SOURCE = re.compile(rb"(?<![ -~])(gst(?:reamer|-plugins-(?:base|good|bad|ugly)|-rtsp-server|-libav|reamer-vaapi))\0")
_RELEASE = re.compile(rb"(?<![ -~])(1\.\d{1,2}\.\d{1,3})\0")


def find(subject: Subject) -> Iterator[Found]:
    """Yield the package."""
    if subject.executable is None or not _PLACE.search(subject.artifact.name):
        return
    if not any(one.startswith("gst_plugin_") and one.endswith("_get_desc") for one in subject.executable.exported):
        return
    content = bytes(subject.artifact.content)
    sources = {hit[1]: hit for hit in _SOURCE.finditer(content)}
    if len(sources) != 1:
        return
    ((source, hit),) = sources.items()
    near = max(0, hit.start() - NEAR), hit.end() + NEAR
    releases = {one[1]: one for one in _RELEASE.finditer(content, *near)}
    product = canonical_product(source.decode())
    if len(releases) == 1:
        ((release, hit),) = releases.items()
        quote = quoted(source + b", " + release)
        yield Clue(product, release.decode(), subject.artifact.locator, NAME, CONFIDENCE, quote, hit.start())
    else:
        yield Clue(product, "", subject.artifact.locator, NAME, UNKNOWN, quoted(source), hit.start())


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="GStreamer plug-ins",
        references=("GStreamer core library reference, GstPlugin, read 2026-11-23",),
        limitations=("Plug-ins of GStreamer's own packages only.",),
    ),
)
