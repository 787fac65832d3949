"""Pages for citizens, who have no account: plain HTML that works on an old telephone and with a screen reader."""
