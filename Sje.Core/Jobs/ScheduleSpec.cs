namespace Sje.Core.Jobs;

/// <summary>When a saved job starts by itself: a cron line in a time zone of the IANA database.</summary>
public sealed record ScheduleSpec(string Cron, string TimeZone);
