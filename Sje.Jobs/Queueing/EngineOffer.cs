namespace Sje.Jobs.Queueing;

/// <summary>The task types that this process can run.</summary>
public sealed record EngineOffer(IReadOnlyList<string> Types);
