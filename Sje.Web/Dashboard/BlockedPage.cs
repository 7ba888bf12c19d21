using System.Globalization;
using Hangfire.Dashboard;
using Hangfire.Dashboard.Pages;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Links;

namespace Sje.Web.Dashboard;

/// <summary>
/// Tasks that wait for others, beside Hangfire's page of awaiting jobs, which knows continuations only: a blocked task gets its
/// background job when what it depends on has succeeded.
/// </summary>
internal sealed class BlockedPage : RazorPage
{
    /// <summary>Where it is, below the dashboard's path.</summary>
    public const string Address = "/jobs/blocked";

    /// <inheritdoc/>
    public override void Execute()
    {
        Layout = new LayoutPage("Blocked tasks");
        var context = Context.GetHttpContext();
        var (tenant, stop) = (context.User.Caller().Scope, context.RequestAborted);
        var tasks = context.RequestServices.GetRequiredService<TaskReader>();
        _ = int.TryParse(Query("from"), NumberStyles.None, CultureInfo.InvariantCulture, out var from);
        _ = int.TryParse(Query("count"), NumberStyles.None, CultureInfo.InvariantCulture, out var count);
        var total = tasks.CountBlockedAsync(tenant, stop).GetAwaiter().GetResult();
        var pager = new Pager(from, count, DashboardOptions.DefaultRecordsPerPage, total);
        var html = new HtmlText()
            .Raw("<div class=\"row\"><div class=\"col-md-3\">")
            .Encoded(Html.JobsSidebar())
            .Raw("</div><div class=\"col-md-9\"><h1 id=\"page-title\" class=\"page-header\">Blocked tasks</h1>")
            .Raw("<p>They wait for other tasks of their execution, and become jobs when those have succeeded.</p>");
        if (total == 0)
        {
            html.Raw("<div class=\"alert alert-info\">No task is blocked.</div>");
        }
        else
        {
            AddTable(html, tenant, tasks, pager, stop);
        }

        WriteLiteral(html.Raw("</div></div>").ToString());
    }

    private void AddTable(HtmlText html, string? tenant, TaskReader tasks, Pager pager, CancellationToken stop)
    {
        var rows = tasks
            .ListBlockedAsync(tenant, pager.FromRecord, pager.RecordsPerPage, stop)
            .GetAwaiter()
            .GetResult();
        var reasons = Context
            .GetHttpContext()
            .RequestServices.GetRequiredService<WaitReasons>()
            .ExplainAsync([.. rows.Select(row => row.Task)], stop)
            .GetAwaiter()
            .GetResult();
        html.Raw("<div class=\"btn-toolbar btn-toolbar-top\">")
            .Encoded(Html.PerPageSelector(pager))
            .Raw(
                "</div><div class=\"table-responsive\"><table class=\"table sje-blocked\" aria-describedby=\"page-title\">"
            )
            .Raw("<thead><tr><th>Execution</th><th>Task</th><th>Queue</th><th>Why it waits</th>")
            .Raw("<th class=\"align-right\">Accepted</th></tr></thead><tbody>");
        foreach (var (task, execution) in rows)
        {
            html.Raw("<tr><td>").Link(ExecutionLinks.Of(task.ExecutionId), execution);
            html.Raw("</td><td>")
                .Link(ExecutionLinks.OfTask(task.ExecutionId, task.Name), task.Name)
                .Raw("</td><td>")
                .Encoded(Html.QueueLabel(task.Queue));
            html.Raw("</td><td>").Text(reasons.GetValueOrDefault(task.Id)?.Text);
            html.Raw("</td><td class=\"align-right\">").Instant(this, task.AcceptedAt).Raw("</td></tr>");
        }

        html.Raw("</tbody></table></div>").Encoded(Html.Paginator(pager));
    }
}
