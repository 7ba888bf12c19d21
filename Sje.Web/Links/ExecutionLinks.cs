using System.Globalization;

namespace Sje.Web.Links;

/// <summary>Where our pages and Hangfire's stand: the one place that knows how each links to the other.</summary>
internal static class ExecutionLinks
{
    /// <summary>Where Hangfire's dashboard is.</summary>
    public const string Hangfire = "/hangfire";

    /// <summary>Our first page.</summary>
    public const string Home = "/ops";

    /// <summary>The page of an execution.</summary>
    public static string Of(Guid execution) => $"/executions/{execution}";

    /// <summary>The page of an execution, with one of its tasks chosen.</summary>
    public static string OfTask(Guid execution, string task) => $"{Of(execution)}?task={Uri.EscapeDataString(task)}";

    /// <summary>That page with one attempt of the task chosen: its whole log.</summary>
    public static string OfAttempt(Guid execution, string task, int attempt) =>
        string.Create(CultureInfo.InvariantCulture, $"{OfTask(execution, task)}&attempt={attempt}");

    /// <summary>Hangfire's page of a background job.</summary>
    public static string OfBackgroundJob(long job) =>
        string.Create(CultureInfo.InvariantCulture, $"{Hangfire}/jobs/details/{job}");
}
