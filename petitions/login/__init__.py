"""How a member proves to be one: passkeys, passwords with codes, proofs by link, sessions; and who tries too often."""
