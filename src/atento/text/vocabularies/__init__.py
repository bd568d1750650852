"""What stands in vocabularies and in texts, character by character, and what two vocabularies share."""
