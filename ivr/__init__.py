"""The call centre: waiting room, distributor, seats, call control. Rules are pure; ``service.py`` carries them out."""
