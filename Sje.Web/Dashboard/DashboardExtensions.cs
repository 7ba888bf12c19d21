using Hangfire;
using Hangfire.Dashboard;

namespace Sje.Web.Dashboard;

/// <summary>
/// Puts our parts into Hangfire's pages. Hangfire keeps them in lists of the process, whatever hosts there are in it: they are added once,
/// and find what they need in the services of the request.
/// </summary>
internal static class DashboardExtensions
{
    private static int added;

    /// <summary>Adds them, the first time only.</summary>
    public static void Add()
    {
        if (Interlocked.Exchange(ref added, 1) == 1)
        {
            return;
        }

        var ours = typeof(DashboardExtensions).Assembly;
        GlobalConfiguration
            .Configuration.UseJobDetailsRenderer(0, JobSection.Render)
            .UseDashboardStylesheet(ours, "Sje.Web.Dashboard.navigation.css")
            .UseDashboardJavaScript(ours, "Sje.Web.Dashboard.navigation.js")
            .UseDashboardMetrics(
                LoadMetrics.Workers,
                LoadMetrics.Waiting,
                LoadMetrics.Running,
                LoadMetrics.Blocked,
                LoadMetrics.DeadLetters,
                DashboardMetrics.RetriesCount
            );
        DashboardRoutes.Routes.AddRazorPage(BlockedPage.Address, _ => new BlockedPage());
        JobsSidebarMenu.Items.Add(page => new MenuItem("Blocked", page.Url.To(BlockedPage.Address))
        {
            Active = page.RequestPath.StartsWith(BlockedPage.Address, StringComparison.OrdinalIgnoreCase),
            Metric = LoadMetrics.Blocked,
        });
    }
}
