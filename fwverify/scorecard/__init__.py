"""Bidders' sample deliveries beside one another: what is evidenced, what is contradicted, what is only said."""
