using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hangfire.Dashboard;
using Sje.Core.Jobs;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Links;

namespace Sje.Web.Dashboard;

/// <summary>
/// What Hangfire's page of a job shows of ours: the execution and where the task stands in it, why it waits or how far it is, every
/// attempt, the end of the log. Read when the page is asked for; a job that is not ours gets nothing.
/// </summary>
internal static partial class JobSection
{
    private const int AttemptsShown = 50;
    private const int LogLines = 100;
    private const int LongestLine = 2000;
    private const int LongestJson = 8000;

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        // The page encodes what must be encoded; people shall read the rest.
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Renders the section. Hangfire's pages are synchronous, so this waits.</summary>
    public static NonEscapedString Render(JobDetailsRendererDto job)
    {
        var context = job.Page.Context.GetHttpContext();
        var services = context.RequestServices;
        if (
            services.GetService<TaskReader>() is not { } tasks
            || !long.TryParse(job.JobId, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
        )
        {
            return new NonEscapedString("");
        }

        return RenderAsync(job.Page, tasks, id, context).GetAwaiter().GetResult();
    }

    private static async Task<NonEscapedString> RenderAsync(
        RazorPage page,
        TaskReader tasks,
        long id,
        HttpContext context
    )
    {
        var (services, stop) = (context.RequestServices, context.RequestAborted);
        if (await tasks.FindByBackgroundJobAsync(id, stop) is not { } task)
        {
            return new NonEscapedString("");
        }

        var html = new HtmlText();
        var executions = services.GetRequiredService<ExecutionReader>();
        if (await executions.FindAsync(task.ExecutionId, context.User.Caller().Scope, stop) is not { } execution)
        {
            html.Raw("<div class=\"alert alert-info\">The execution of this job belongs to another tenant.</div>");
            return new NonEscapedString(html.ToString());
        }

        var reasons = await services.GetRequiredService<WaitReasons>().ExplainAsync([task], stop);
        AddTask(html, page, execution, task, reasons.GetValueOrDefault(task.Id)?.Text);
        if (await executions.FindTextAsync(execution.Id, stop) is { Parameters.Count: > 0 } text)
        {
            html.Raw("<h3>Parameters of the execution</h3><pre class=\"sje-parameters\">")
                .Text(Readable(text.Parameters))
                .Raw("</pre>");
        }

        var attempts = await tasks.ListAttemptsAsync(execution.Id, task.Name, 0, AttemptsShown + 1, stop);
        AddAttempts(html, page, attempts);
        var logs = services.GetRequiredService<LogReader>();
        if (task.Attempt > 0 && await logs.FindHeadAsync(execution.Id, task.Name, null, stop) is { } head)
        {
            var from = Math.Max(head.FirstLine, head.NextLine - LogLines);
            var lines = await logs.ReadAsync(execution.Id, head.TaskId, head.Attempt, from, LogLines, stop);
            AddLog(html, execution.Id, head, lines);
        }

        return new NonEscapedString(html.ToString());
    }

    private static void AddTask(
        HtmlText html,
        RazorPage page,
        ExecutionSummary execution,
        TaskDetail task,
        string? waitReason
    )
    {
        html.Raw(
                "<h3>Task</h3><table class=\"table table-condensed sje-task\"><tbody><tr><td class=\"width-20\">Execution</td><td>"
            )
            .Link(ExecutionLinks.Of(execution.Id), execution.Name)
            .Raw(" <small class=\"text-muted\">")
            .Text(execution.Id.ToString())
            .Raw("</small>");
        Row(html, "Task")
            .Link(ExecutionLinks.OfTask(execution.Id, task.Name), task.Name)
            .Raw(" <small class=\"text-muted\">")
            .Text(task.Type)
            .Raw("</small>");
        Row(html, "State").Raw("<code class=\"sje-state\">").Text(task.State.ToSnake()).Raw("</code>");
        if (task.State == TaskState.Running && task.CancelRequestedAt is { } cancel)
        {
            html.Raw(", being cancelled since ").Instant(page, cancel);
        }

        if (waitReason is not null)
        {
            Row(html, "Why it waits").Raw("<span class=\"sje-wait\">").Text(waitReason).Raw("</span>");
        }

        if (task.State == TaskState.Running && (task.Progress is not null || task.ProgressMessage is not null))
        {
            Row(html, "Progress").Raw("<span class=\"sje-progress\">").Text(ProgressOf(task)).Raw("</span>");
            if (task.Progress is { } share)
            {
                html.Raw(" <progress max=\"1\" value=\"")
                    .Text(share.ToString(CultureInfo.InvariantCulture))
                    .Raw("\"></progress>");
            }
        }

        Row(html, "Queue")
            .Encoded(page.Html.QueueLabel(task.Queue))
            .Text($", priority {task.Priority.ToString(CultureInfo.InvariantCulture)}");
        Row(html, "Attempts")
            .Text(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{task.Attempt} begun, {task.Failures} of at most {task.MaxAttempts} failed"
                )
            );
        if (task.Lost > 0)
        {
            html.Text(string.Create(CultureInfo.InvariantCulture, $", {task.Lost} lost with their worker"));
        }

        if (task.State == TaskState.WaitingRetry)
        {
            html.Raw(", next ").Instant(page, task.AvailableAt);
        }

        Row(html, "Accepted").Instant(page, execution.AcceptedAt);
        if (execution.AcceptedBy is { } by)
        {
            html.Raw(" from ").Text(by);
        }

        if (task.FinishedAt is { } finished)
        {
            Row(html, "Finished").Instant(page, finished);
        }

        if (task.Reason is { } reason)
        {
            Row(html, "Reason").Text(reason);
        }

        if (task.DismissedAt is { } dismissed)
        {
            Row(html, "Dismissed").Instant(page, dismissed);
        }

        html.Raw("</td></tr></tbody></table>");
    }

    /// <summary>Ends the row before, if there is one, and begins the next.</summary>
    private static HtmlText Row(HtmlText html, string name) =>
        html.Raw("</td></tr><tr><td class=\"width-20\">").Text(name).Raw("</td><td>");

    private static void AddAttempts(HtmlText html, RazorPage page, IReadOnlyList<AttemptDetail> attempts)
    {
        html.Raw("<h3>Attempts</h3>");
        if (attempts.Count == 0)
        {
            html.Raw("<div class=\"alert alert-info\">No worker has taken this task yet.</div>");
            return;
        }

        html.Raw("<div class=\"table-responsive\"><table class=\"table table-condensed sje-attempts\"><thead><tr>")
            .Raw(
                "<th class=\"min-width\">#</th><th>Worker</th><th>Started</th><th>Took</th><th>Outcome</th><th>Error</th>"
            )
            .Raw("</tr></thead><tbody>");
        foreach (var attempt in attempts.Take(AttemptsShown))
        {
            html.Raw("<tr><td>").Number(attempt.Number).Raw("</td><td>");
            html.Link(page.Url.To("/servers"), attempt.Worker).Raw("</td><td>").Instant(page, attempt.StartedAt);
            html.Raw("</td><td>");
            if (attempt.EndedAt is { } ended)
            {
                html.Encoded(
                    page.Html.MomentTitle(
                        ended.UtcDateTime,
                        page.Html.ToHumanDuration(ended - attempt.StartedAt, displaySign: false)
                    )
                );
            }

            html.Raw("</td><td><code>").Text(attempt.Outcome?.ToSnake() ?? "running").Raw("</code></td><td>");
            if (attempt.Error is { } error)
            {
                html.Raw("<strong>").Text(TextOf(error, "class")).Raw("</strong> ").Text(TextOf(error, "message"));
            }

            html.Raw("</td></tr>");
        }

        html.Raw("</tbody></table></div>");
        if (attempts.Count > AttemptsShown)
        {
            html.Raw("<p class=\"text-muted\">Only the newest are shown.</p>");
        }
    }

    private static void AddLog(HtmlText html, Guid execution, LogHead head, IReadOnlyList<LogLine> lines)
    {
        html.Raw("<h3>Log of attempt ").Number(head.Attempt).Raw(" <small>");
        if (lines.Count > 0 && lines[0].Number > head.FirstLine)
        {
            html.Raw("the last ").Number(lines.Count).Raw(" lines, ");
        }

        html.Link(ExecutionLinks.OfAttempt(execution, head.Task, head.Attempt), "all of it").Raw("</small></h3>");
        if (lines.Count == 0)
        {
            html.Raw("<div class=\"alert alert-info\">It has printed nothing.</div>");
            return;
        }

        html.Raw("<pre class=\"sje-log\">");
        foreach (var line in lines)
        {
            html.Text(line.At.UtcDateTime.ToString("HH:mm:ss.fff ", CultureInfo.InvariantCulture));
            _ = line.Stream switch
            {
                LogStream.Stdout => html.Raw("<span>"),
                LogStream.Stderr => html.Raw("<span class=\"text-danger\">"),
                _ => html.Raw("<span class=\"text-muted\">"),
            };
            html.Text(Clean(line.Text)).Raw("</span>\n");
        }

        html.Raw("</pre>");
    }

    private static string ProgressOf(TaskDetail task)
    {
        var share = task.Progress is { } done ? done.ToString("P0", CultureInfo.InvariantCulture) : null;
        return string.Join(' ', new[] { share, task.ProgressMessage }.Where(part => part is not null));
    }

    private static string Readable(JsonObject json)
    {
        var text = json.ToJsonString(Indented);
        return text.Length > LongestJson ? string.Concat(text.AsSpan(0, LongestJson), "…") : text;
    }

    private static string? TextOf(JsonObject error, string key) =>
        error.TryGetPropertyValue(key, out var value) && value is JsonValue text ? text.ToString() : null;

    /// <summary>A line without what only a terminal understands, and not longer than a page can bear.</summary>
    private static string Clean(string line)
    {
        var text = TerminalCodes().Replace(line, "");
        return text.Length > LongestLine ? string.Concat(text.AsSpan(0, LongestLine), "…") : text;
    }

    [GeneratedRegex(@"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]", RegexOptions.None, 1000)]
    private static partial Regex TerminalCodes();
}
