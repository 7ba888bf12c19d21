using System.Globalization;

namespace Sje.Web.Cli;

/// <summary>The lists that <c>sje top</c> can show.</summary>
internal enum TopView
{
    /// <summary>What runs, then what waits.</summary>
    Executions,

    /// <summary>Tasks that workers run.</summary>
    Tasks,

    /// <summary>Queues.</summary>
    Queues,

    /// <summary>Workers.</summary>
    Workers,
}

/// <summary>A column: how wide, when it gives way to others, what stands in it and how it sorts.</summary>
/// <param name="Heading">Its name.</param>
/// <param name="Width">Its width; of the one that stretches, the least.</param>
/// <param name="Rank">Columns of the highest rank give way first where the terminal is narrow; 0 always stays.</param>
/// <param name="Cell">What stands in it.</param>
/// <param name="Key">What it sorts by.</param>
internal sealed record TopColumn(
    string Heading,
    int Width,
    int Rank,
    Func<TopRow, DateTimeOffset, string?> Cell,
    Func<TopRow, IComparable?> Key
)
{
    /// <summary>Whether it takes what room the others leave.</summary>
    public bool Stretches { get; init; }

    /// <summary>Whether it holds numbers, which stand to the right and are sorted from the largest.</summary>
    public bool IsNumber { get; init; }
}

/// <summary>The columns of each view.</summary>
internal static class TopColumns
{
    private static readonly TopColumn[] Executions =
    [
        new("ID", 8, 4, (row, _) => row.Id.Length > 8 ? row.Id[^8..] : row.Id, row => row.Id),
        new("NAME", 12, 0, (row, _) => row.Text("name"), row => row.Text("name")) { Stretches = true },
        new("STATE", 12, 0, (row, _) => StateOf(row), row => StateOf(row)),
        Number("PRI", 4, 5, row => row.Number("priority")),
        new("QUEUE", 12, 3, (row, _) => row.Text("queue"), row => row.Text("queue")),
        new("WORKER", 16, 5, (row, _) => row.Text("worker"), row => row.Text("worker")),
        new("TRY", 5, 2, (row, _) => Tries(row), row => row.Number("attempt")) { IsNumber = true },
        new("PROGRESS", 15, 1, (row, _) => Meter(row.Real("progress")), row => row.Real("progress"))
        {
            IsNumber = true,
        },
        new("TIME", 8, 0, (row, now) => Span(now - SinceOf(row)), row => SinceOf(row)?.UtcTicks * -1)
        {
            IsNumber = true,
        },
    ];

    private static readonly TopColumn[] Tasks =
    [
        new("EXECUTION", 14, 0, (row, _) => row.Text("execution"), row => row.Text("execution")) { Stretches = true },
        new("TASK", 14, 0, (row, _) => row.Text("task"), row => row.Text("task")),
        new("TYPE", 9, 4, (row, _) => row.Text("type"), row => row.Text("type")),
        new("QUEUE", 12, 3, (row, _) => row.Text("queue"), row => row.Text("queue")),
        new("WORKER", 16, 2, (row, _) => row.Text("worker"), row => row.Text("worker")),
        Number("TRY", 4, 3, row => row.Number("attempt")),
        new("PROGRESS", 15, 1, (row, _) => Meter(row.Real("progress")), row => row.Real("progress"))
        {
            IsNumber = true,
        },
        new("TIME", 8, 0, (row, now) => Span(now - row.At("startedAt")), row => row.At("startedAt")?.UtcTicks * -1)
        {
            IsNumber = true,
        },
    ];

    private static readonly TopColumn[] Queues =
    [
        new("QUEUE", 12, 0, (row, _) => row.Id, row => row.Id) { Stretches = true },
        new("LANE", 10, 4, (row, _) => row.Text("lane"), row => row.Text("lane")),
        new("STATE", 8, 0, (row, _) => row.At("pausedAt") is null ? "open" : "paused", row => row.Text("pausedAt")),
        Number("QUEUED", 9, 0, row => row.Number("queued")),
        Number("RUNNING", 8, 0, row => row.Number("running")),
        new("MOST", 6, 3, (row, _) => row.Text("maxRunning") ?? "-", row => row.Number("maxRunning"))
        {
            IsNumber = true,
        },
        Number("RETRYING", 8, 2, row => row.Number("waitingRetry")),
        Number("BLOCKED", 8, 5, row => row.Number("blocked")),
        new(
            "OLDEST",
            8,
            1,
            (row, _) => row.Real("oldestWaitSeconds") is { } seconds ? Span(TimeSpan.FromSeconds(seconds)) : "",
            row => row.Real("oldestWaitSeconds")
        )
        {
            IsNumber = true,
        },
        Rate("IN/S", "inPerSecond"),
        Rate("OUT/S", "outPerSecond"),
        Number("WORKERS", 7, 4, row => row.Number("workers")),
    ];

    private static readonly TopColumn[] Workers =
    [
        new("WORKER", 14, 0, (row, _) => row.Text("name"), row => row.Text("name")) { Stretches = true },
        new("STATE", 9, 0, (row, _) => WorkerState(row), row => WorkerState(row)),
        new("HOST", 14, 4, (row, _) => row.Text("host"), row => row.Text("host")),
        Number("RUNNING", 7, 0, row => row.Number("running")),
        Number("SLOTS", 6, 1, row => row.Number("slots")),
        new(
            "CPU",
            5,
            3,
            (row, _) => row.Real("cpuUsed")?.ToString("0.0", CultureInfo.InvariantCulture) ?? "",
            row => row.Real("cpuUsed")
        )
        {
            IsNumber = true,
        },
        new("BUSY", 15, 2, (row, _) => Meter(Share(row)), row => Share(row)) { IsNumber = true },
        new("QUEUES", 18, 3, (row, _) => row.Words("queues"), row => row.Words("queues")),
        new(
            "HEARD",
            6,
            1,
            (row, now) => row.At("heartbeatAt") is { } at ? Span(now - at) : "",
            row => row.At("heartbeatAt")?.UtcTicks * -1
        )
        {
            IsNumber = true,
        },
        new(
            "UP",
            8,
            4,
            (row, now) => row.At("startedAt") is { } at ? Span(now - at) : "",
            row => row.At("startedAt")?.UtcTicks * -1
        )
        {
            IsNumber = true,
        },
    ];

    /// <summary>The columns of a view, from left to right.</summary>
    public static IReadOnlyList<TopColumn> Of(TopView view) =>
        view switch
        {
            TopView.Tasks => Tasks,
            TopView.Queues => Queues,
            TopView.Workers => Workers,
            _ => Executions,
        };

    /// <summary>The state of an execution; one that waits for its next try is retrying, whatever else.</summary>
    public static string StateOf(TopRow row) =>
        row.Text("retrying") == "true" ? "retrying"
        : row.At("cancelRequestedAt") is not null ? "stopping"
        : row.Text("state") ?? "";

    /// <summary>The state of a worker.</summary>
    public static string WorkerState(TopRow row) => row.Text("condition") ?? row.Text("state") ?? "";

    /// <summary>A length of time in its two largest units: <c>1m04s</c>, <c>3h12m</c>.</summary>
    public static string Span(TimeSpan? length) =>
        length is not { } time ? ""
        : time < TimeSpan.Zero ? "0s"
        : time.TotalMinutes < 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalSeconds}s")
        : time.TotalHours < 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}m{time.Seconds:00}s")
        : time.TotalDays < 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Hours}h{time.Minutes:00}m")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays}d{time.Hours:00}h");

    /// <summary>A fraction as a bar of ten and a percentage; nothing where there is none.</summary>
    public static string Meter(double? fraction)
    {
        if (fraction is not { } share || double.IsNaN(share))
        {
            return "";
        }

        share = Math.Clamp(share, 0, 1);
        var full = (int)Math.Round(share * 10, MidpointRounding.AwayFromZero);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{new string('#', full)}{new string('.', 10 - full)}{share * 100, 4:0}%"
        );
    }

    private static TopColumn Rate(string heading, string field) =>
        new(
            heading,
            7,
            3,
            (row, _) => row.Real(field)?.ToString("0.0", CultureInfo.InvariantCulture) ?? "",
            row => row.Real(field)
        )
        {
            IsNumber = true,
        };

    private static TopColumn Number(string heading, int width, int rank, Func<TopRow, long> value) =>
        new(heading, width, rank, (row, _) => value(row).ToString(CultureInfo.InvariantCulture), row => value(row))
        {
            IsNumber = true,
        };

    private static string Tries(TopRow row) =>
        row.Number("attempt") is > 0 and var attempt ? $"{attempt}/{Math.Max(attempt, row.Number("maxAttempts"))}" : "";

    private static DateTimeOffset? SinceOf(TopRow row) => row.At("startedAt") ?? row.At("acceptedAt");

    private static double? Share(TopRow row) =>
        row.Number("slots") is > 0 and var slots ? row.Number("running") / (double)slots : null;
}
