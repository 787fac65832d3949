"""Dossiers (专项卷宗): what the house does beside single work orders: duty, enterprises, inspections, meetings."""
