using System.Text.Json.Nodes;
using Npgsql;

namespace Sje.Jobs.Scheduling;

/// <summary>A schedule with the job that it starts, as one statement reads them.</summary>
internal sealed record ScheduleRow(SavedSchedule Schedule, string Tenant, Guid JobId, int JobVersion, string JobSpec)
{
    /// <summary>Whether its job is paused; then it starts nothing by its time.</summary>
    public bool JobPaused { get; init; }

    /// <summary>What a statement selects, from <see cref="From"/>.</summary>
    public const string Columns = """
        s.id, s.name, j.name, s.cron, s.time_zone, s.parameters::text, s.from_job, s.paused_at, s.next_at, s.last_due_at,
        s.last_fired_at, s.last_execution_id, s.last_error, s.version, s.created_at, s.updated_at, s.created_by,
        s.tenant, j.id, j.version, j.spec::text, j.paused_at, s.paused_by, s.pause_reason
        """;

    /// <summary>What a statement selects from.</summary>
    public const string From = "sje.schedules s join sje.jobs j on j.id = s.job_id";

    /// <summary>Reads <see cref="Columns"/>.</summary>
    public static ScheduleRow Read(NpgsqlDataReader row)
    {
        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        DateTimeOffset? Instant(int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
        return new ScheduleRow(
            new SavedSchedule
            {
                Id = row.GetGuid(0),
                Name = row.GetString(1),
                JobName = row.GetString(2),
                Cron = row.GetString(3),
                TimeZone = row.GetString(4),
                // The column holds objects only.
                Parameters = JsonNode.Parse(row.GetString(5))!.AsObject(),
                FromJob = row.GetBoolean(6),
                PausedAt = Instant(7),
                NextAt = Instant(8),
                LastDueAt = Instant(9),
                LastFiredAt = Instant(10),
                LastExecutionId = row.IsDBNull(11) ? null : row.GetGuid(11),
                LastError = Text(12),
                Version = row.GetInt32(13),
                CreatedAt = row.GetFieldValue<DateTimeOffset>(14),
                UpdatedAt = row.GetFieldValue<DateTimeOffset>(15),
                CreatedBy = Text(16),
                PausedBy = Text(22),
                PauseReason = Text(23),
            },
            row.GetString(17),
            row.GetGuid(18),
            row.GetInt32(19),
            row.GetString(20)
        )
        {
            JobPaused = Instant(21) is not null,
        };
    }
}
