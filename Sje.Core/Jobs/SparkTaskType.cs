using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>
/// <c>spark: {application: app.py, arguments: [--day, "1"], jars: [...], pyFiles: [...]}</c>. Known to every server; its tasks wait
/// until a worker offers the engine.
/// </summary>
public sealed class SparkTaskType : ITaskType
{
    private static readonly string[] Lists = ["arguments", "jars", "pyFiles"];

    /// <inheritdoc/>
    public string Type => "spark";

    /// <inheritdoc/>
    public IReadOnlyList<string> Aliases => ["SparkApp"];

    /// <inheritdoc/>
    public IEnumerable<Fault> Validate(JsonObject settings, string pointer, IReadOnlyList<JobParameter> parameters)
    {
        var faults = new FaultList();
        var fields = new Fields(settings, pointer, faults);
        if (fields.RequiredText("application") is { } application && string.IsNullOrWhiteSpace(application))
        {
            faults.Add(fields.At("application"), FaultCodes.InvalidValue, "The path of the application is empty.");
        }

        foreach (var name in Lists)
        {
            fields.Texts(name);
        }

        fields.RefuseOthers();
        return faults.ToList();
    }
}
