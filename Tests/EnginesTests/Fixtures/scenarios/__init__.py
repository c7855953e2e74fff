"""The fixture hosts: each function makes some with `scenario(name, system)`, which build-hosts.py gives it."""
