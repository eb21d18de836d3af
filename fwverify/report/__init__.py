"""Assessment -> text of some kind. Wording lives here and nowhere else; all text from firmware is neutralised here."""
