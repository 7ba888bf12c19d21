using Hangfire.Dashboard;
using Sje.Jobs.Storage;

namespace Sje.Web.Dashboard;

/// <summary>Our figures on Hangfire's overview and beside its menus, out of our tables.</summary>
internal static class LoadMetrics
{
    /// <summary>Workers that hold a lease.</summary>
    public static DashboardMetric Workers { get; } =
        Of(
            "sje:workers",
            "Live workers",
            load => load.Workers,
            load => load.Workers == 0 ? MetricStyle.Warning : MetricStyle.Success
        );

    /// <summary>Tasks that could run, or will be tried again.</summary>
    public static DashboardMetric Waiting { get; } =
        Of("sje:waiting", "Waiting tasks", load => load.Waiting, load => Some(load.Waiting, MetricStyle.Info));

    /// <summary>Tasks that run.</summary>
    public static DashboardMetric Running { get; } =
        Of("sje:running", "Running tasks", load => load.Running, load => Some(load.Running, MetricStyle.Warning));

    /// <summary>Tasks that wait for others.</summary>
    public static DashboardMetric Blocked { get; } =
        Of("sje:blocked", "Blocked tasks", load => load.Blocked, load => Some(load.Blocked, MetricStyle.Info));

    /// <summary>Tasks that failed for good and that nobody has dismissed.</summary>
    public static DashboardMetric DeadLetters { get; } =
        Of(
            "sje:dead-letters",
            "Dead letters",
            load => load.DeadLetters,
            load => Some(load.DeadLetters, MetricStyle.Danger)
        );

    private static MetricStyle Some(long count, MetricStyle style) => count > 0 ? style : MetricStyle.Default;

    private static DashboardMetric Of(
        string name,
        string title,
        Func<Load, long> count,
        Func<Load, MetricStyle> style
    ) =>
        new(
            name,
            title,
            page =>
            {
                if (page.Context.GetHttpContext().RequestServices.GetService<LoadReader>() is not { } reader)
                {
                    return null;
                }

                var load = reader.Read();
                return new Metric(count(load)) { Style = style(load) };
            }
        );
}
