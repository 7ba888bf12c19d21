namespace Sje.Web.Hosting.Postgres;

/// <summary>Starts the embedded PostgreSQL again whenever it is down, for as long as this process serves.</summary>
internal sealed class EmbeddedPostgresSupervisor(
    EmbeddedPostgres postgres,
    TimeProvider time,
    ILogger<EmbeddedPostgresSupervisor> logger
) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = Look;
        while (true)
        {
            await Task.Delay(pause, time, stoppingToken);
            try
            {
                var since = time.GetTimestamp();
                if (await postgres.RestartIfDownAsync(stoppingToken))
                {
                    PostgresLog.Restarted(logger, (long)time.GetElapsedTime(since).TotalMilliseconds);
                }

                pause = Look;
            }
            catch (Exception failed)
                when (failed is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                PostgresLog.RestartFailed(logger, pause.TotalSeconds, failed);
            }
        }
    }
}
