"""The knowledge base: articles that answer citizens' questions, found by words, and proposed while they speak."""
