namespace Sje.Jobs.Observability;

/// <summary>A worker about itself.</summary>
/// <param name="Slots">Slots of the background lane.</param>
/// <param name="DirectSlots">Slots of the direct lane.</param>
/// <param name="RunningBackground">Tasks of the background lane that are claimed and not ended.</param>
/// <param name="RunningDirect">Tasks of the direct lane that are.</param>
/// <param name="LeaseAgeSeconds">Since the heartbeat that last renewed its lease was sent.</param>
public sealed record WorkerFigures(
    int Slots,
    int DirectSlots,
    int RunningBackground,
    int RunningDirect,
    double LeaseAgeSeconds
);
