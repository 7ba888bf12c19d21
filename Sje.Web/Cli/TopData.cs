using System.Globalization;
using System.Text.Json.Nodes;

namespace Sje.Web.Cli;

/// <summary>What <c>sje top</c> shows at a time: figures, and a list for each of its views.</summary>
internal sealed record TopData(
    IReadOnlyDictionary<string, long> Counts,
    IReadOnlyList<TopRow> Executions,
    IReadOnlyList<TopRow> Tasks,
    IReadOnlyList<TopRow> Queues,
    IReadOnlyList<TopRow> Workers
)
{
    /// <summary>Nothing yet.</summary>
    public static TopData Empty { get; } = new(new Dictionary<string, long>(), [], [], [], []);

    /// <summary>Slots that are taken and slots that there are, of the workers that are alive.</summary>
    public (long Taken, long All) Slots => (Workers.Sum(w => w.Number("running")), Workers.Sum(w => w.Number("slots")));

    /// <summary>The rows of a view.</summary>
    public IReadOnlyList<TopRow> Of(TopView view) =>
        view switch
        {
            TopView.Tasks => Tasks,
            TopView.Queues => Queues,
            TopView.Workers => Workers,
            _ => Executions,
        };

    /// <summary>Reads the answers of the API: executions that run, those that wait, queues and workers.</summary>
    public static TopData Read(JsonNode running, JsonNode waiting, JsonNode queues, JsonNode workers)
    {
        var counts = new Dictionary<string, long>();
        foreach (var (state, count) in running["counts"] as JsonObject ?? [])
        {
            counts[state] = long.TryParse(Show.Text(count), CultureInfo.InvariantCulture, out var number) ? number : 0;
        }

        return new TopData(
            counts,
            [.. Items(running).Concat(Items(waiting)).Select(item => new TopRow(item)).DistinctBy(row => row.Id)],
            [.. Items(workers).SelectMany(TasksOf)],
            [.. Items(queues).Select(item => new TopRow(item, "name"))],
            [.. Items(workers).Select(item => new TopRow(item))]
        );
    }

    private static IEnumerable<TopRow> TasksOf(JsonNode worker) =>
        (worker["currentTasks"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .Select(task =>
            {
                var row = task.DeepClone().AsObject();
                row["worker"] = Show.Text(worker["name"]);
                return new TopRow(row, "taskId");
            });

    private static IEnumerable<JsonNode> Items(JsonNode list) => (list["items"] as JsonArray ?? []).OfType<JsonNode>();
}

/// <summary>One thing in a view, known by its id, and what the API says of it.</summary>
internal sealed class TopRow(JsonNode fields, string idField = "id")
{
    /// <summary>By what it is known.</summary>
    public string Id { get; } = Show.Text(fields[idField]) ?? "";

    /// <summary>A value as text.</summary>
    public string? Text(string field) => Show.Text(fields[field]);

    /// <summary>Words of a list.</summary>
    public string Words(string field) => Show.Words(fields[field]);

    /// <summary>A whole number, 0 where there is none.</summary>
    public long Number(string field) =>
        long.TryParse(Text(field), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;

    /// <summary>A number that may have a fraction, null where there is none.</summary>
    public double? Real(string field) =>
        double.TryParse(Text(field), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>An instant.</summary>
    public DateTimeOffset? At(string field) =>
        DateTimeOffset.TryParse(Text(field), CultureInfo.InvariantCulture, out var at) ? at : null;
}
