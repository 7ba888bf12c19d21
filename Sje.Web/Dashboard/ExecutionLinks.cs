using System.Globalization;

namespace Sje.Web.Dashboard;

/// <summary>Where an execution and its logs are to be seen: the one place that knows.</summary>
internal static class ExecutionLinks
{
    /// <summary>The execution.</summary>
    public static string Of(Guid execution) => $"/api/v1/executions/{execution}";

    /// <summary>The whole log of one attempt of a task.</summary>
    public static string LogOf(Guid execution, string task, int attempt) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Of(execution)}/logs?task={Uri.EscapeDataString(task)}&attempt={attempt}&count=1000"
        );
}
