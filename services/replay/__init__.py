"""What analysts do with the event streams: keep them, ask them, replay them. It only ever reads Kafka."""
