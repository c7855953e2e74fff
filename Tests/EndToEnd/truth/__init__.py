"""The scoreboard: real servers in every situation that this machine can make, asked for the truth, and what the agent said of them.

    python -m truth AGENT        run from Tests/EndToEnd; `make truth` does
"""
