"""A finished run -> something to read. `data` chooses what is told, `text` lays it out; nothing here computes."""
