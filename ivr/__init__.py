"""The call centre: waiting room, distributor, seats and call control. Rules are pure; ``service.py`` carries them out."""
