using Hangfire;
using Hangfire.AspNetCore;
using Hangfire.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Background;

/// <summary>Puts Hangfire into the host: storage, queue, filters, dispatcher and reconciler everywhere, servers by role.</summary>
public static class BackgroundServices
{
    /// <summary>What every process needs: it may make jobs, change their states and show them. Needs <see cref="Database"/>.</summary>
    public static IServiceCollection AddSjeBackground(this IServiceCollection services)
    {
        services.AddSingleton(p =>
            QueueLabels.Read(
                p.GetRequiredService<Database>(),
                p.GetRequiredService<IOptions<WorkerOptions>>().Value.ServedQueues
            )
        );
        services.AddSingleton<StateChangeHook>();
        services.AddSingleton<TaskStateFilter>();
        services.AddSingleton<ScheduleFilter>();
        services.AddSingleton<IJobFilterProvider, TaskFilters>();
        services.AddSingleton<QueuePages>();
        services.AddSingleton(p => new ServerRows(
            p.GetRequiredService<Database>(),
            p.GetRequiredService<QueueLabels>(),
            p.GetRequiredService<QueuePages>(),
            p.GetService<WorkerSession>
        ));
        services.AddSingleton(p => new TaskJobQueue(
            p.GetRequiredService<QueuePages>(),
            p.GetRequiredService<StateChangeHook>(),
            p.GetRequiredService<WorkerFeed>
        ));
        services.AddSingleton(p =>
        {
            var storage = SjeStorage.Open(
                p.GetRequiredService<Database>(),
                p.GetRequiredService<ServerRows>(),
                p.GetRequiredService<QueuePages>(),
                p.GetRequiredService<ILogger<SjeStorage>>()
            );
            storage.QueueProviders.Add(
                p.GetRequiredService<TaskJobQueue>(),
                p.GetRequiredService<QueueLabels>().Names.Concat(StateChangeWord.All)
            );
            return storage;
        });
        services.AddSingleton<JobStorage>(p => p.GetRequiredService<SjeStorage>());
        // Hangfire would take the activator from a static that the last host of the process has set.
        services.AddSingleton<JobActivator>(p => new AspNetCoreJobActivator(
            p.GetRequiredService<IServiceScopeFactory>()
        ));
        services.AddSingleton(p =>
        {
            // Sets Hangfire's statics, which its client reads when it is made.
            _ = p.GetRequiredService<IGlobalConfiguration>();
            return ActivatorUtilities.CreateInstance<HangfireView>(p);
        });
        services.AddHostedService<Dispatcher>();
        services.AddHostedService<Reconciler>();
        services.AddHostedService<ServerSweep>();
        services.TryAddSingleton(AuditPace.Default);
        services.AddHostedService<ViewAudit>();
        services.AddSingleton<RecurringView>();
        services.AddHostedService(p => p.GetRequiredService<RecurringView>());
        services.AddTransient<ScheduleJob>();
        // Before AddHangfire, which adds its own where there is none.
        services.AddSingleton<RecurringJobsFactory>();
        services.AddSingleton<IRecurringJobManagerFactory>(p => p.GetRequiredService<RecurringJobsFactory>());
        services.AddSingleton<IRecurringJobManagerFactoryV2>(p => p.GetRequiredService<RecurringJobsFactory>());
        services.AddHangfire(
            (p, configuration) =>
                configuration
                    .UseLogProvider(new HangfireLog(p.GetRequiredService<ILoggerFactory>()))
                    .UseSimpleAssemblyNameTypeSerializer()
                    .UseRecommendedSerializerSettings()
                    .UseStorage(p.GetRequiredService<SjeStorage>())
        );
        return services;
    }

    /// <summary>Hangfire's server of a worker: a thread for every slot, fed by <see cref="WorkerFeed"/>.</summary>
    public static IServiceCollection AddSjeBackgroundWorker(this IServiceCollection services)
    {
        services.AddTransient<TaskJob>();
        services.AddHangfireServer(
            (p, server) =>
            {
                var options = p.GetRequiredService<IOptions<WorkerOptions>>().Value;
                // Hangfire adds the process id.
                server.ServerName = options.Name ?? Environment.MachineName;
                server.Queues = [.. p.GetRequiredService<QueueLabels>().Served(options.ServedQueues)];
                server.WorkerCount = options.Slots;
                server.IsLightweightServer = true;
                server.HeartbeatInterval = ServerRows.Heartbeat;

                // A worker is judged by its lease; beyond this limit without a database Hangfire would start the server anew.
                server.ServerTimeout = TimeSpan.FromDays(1);

                // The drain has ended what ran before Hangfire is asked to stop (WorkerDrain); this bounds what is left.
                server.ShutdownTimeout = p.GetRequiredService<StopTimes>().Hangfire;
            }
        );
        return services;
    }

    /// <summary>Hangfire's server of a server process: its schedulers and upkeep, and the jobs that are not ours.</summary>
    public static IServiceCollection AddSjeBackgroundUpkeep(this IServiceCollection services)
    {
        services.AddHangfireServer(
            (p, server) =>
            {
                var foreign = p.GetRequiredService<IOptions<ForeignJobOptions>>().Value;
                server.ServerName = $"{Environment.MachineName}:upkeep";
                server.Queues = foreign.Served(p.GetRequiredService<QueueLabels>());
                server.WorkerCount = foreign.Workers;
                server.SchedulePollingInterval = foreign.PollingInterval;
                server.HeartbeatInterval = ServerRows.Heartbeat;
            }
        );
        return services;
    }
}
