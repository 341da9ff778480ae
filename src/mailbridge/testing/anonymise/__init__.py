"""A real mail becomes a fixture: the people and companies in it are exchanged, everything else stays as it was sent."""
