"""Calling the services over HTTP, as a program outside them does."""
