namespace Sje.Core.Scheduling;

/// <summary>How the clocks of a zone change.</summary>
public enum ClockChange
{
    /// <summary>They go forward: some local times are left out.</summary>
    Gap,

    /// <summary>They go back: some local times come twice.</summary>
    Overlap,
}

/// <summary>A change of a zone's clocks that touches a schedule, and what the schedule does then.</summary>
/// <param name="At">The instant of the change.</param>
/// <param name="Kind">How they change.</param>
/// <param name="Text">A sentence for people.</param>
/// <param name="DueAt">When it is due because of the change, or in the hours that come twice; a few of many.</param>
public sealed record ClockNote(DateTimeOffset At, ClockChange Kind, string Text, IReadOnlyList<DateTimeOffset> DueAt);
