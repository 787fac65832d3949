"""Messages to citizens whom the robot did not reach, the link in them, and the page that it opens."""
