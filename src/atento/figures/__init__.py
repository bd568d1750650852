"""The record of what a model attended to, and every drawing of it."""
