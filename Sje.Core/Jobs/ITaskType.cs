using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>
/// What the server knows of a task type: its name, the other names it goes by, and how its settings must look. A type may be
/// known without any engine for it: its tasks then wait until a worker offers one.
/// </summary>
public interface ITaskType
{
    /// <summary>The canonical name, also the key of its settings in the job file: <c>pipeline</c>.</summary>
    string Type { get; }

    /// <summary>Other spellings of the type: <c>SparkApp</c> for <c>spark</c>.</summary>
    IReadOnlyList<string> Aliases { get; }

    /// <summary>
    /// Everything wrong with the settings, without running or opening anything. <paramref name="pointer"/> is where they stand in
    /// the user's document. <paramref name="parameters"/> are the declared ones, for type checks of templates.
    /// </summary>
    IEnumerable<Fault> Validate(JsonObject settings, string pointer, IReadOnlyList<JobParameter> parameters);

    /// <summary>
    /// The settings in the one form that the engine reads, where the file allows several. Called before <see cref="Validate"/>, so
    /// it must bear anything; what it cannot make sense of it leaves as it is. Must not change its argument.
    /// </summary>
    JsonObject Normalise(JsonObject settings) => settings;

    /// <summary>
    /// What outside the worker the task depends on, as a circuit breaker names it (<c>http:api.example.com</c>); null for nothing, or where
    /// that is known only when it runs. The settings are in the form of <see cref="Normalise"/> and valid.
    /// </summary>
    string? TargetOf(JsonObject settings) => null;
}
