using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Following;
using Sje.Jobs.Engines.Spark.Pages;
using Sje.Jobs.Engines.Spark.Planning;
using Sje.Jobs.Engines.Spark.Store;

namespace Sje.Jobs.Engines.Spark;

/// <summary>What is asked of an application's pages.</summary>
/// <param name="Task">Whose application.</param>
/// <param name="Context">The path at which its pages stand for people, without a slash at its end.</param>
/// <param name="Path">What is asked for below it, unescaped.</param>
/// <param name="Query">The query with its question mark, or nothing.</param>
public sealed record SparkPageRequest(SparkTaskDetail Task, string Context, string? Path, string Query)
{
    /// <summary>Headers to pass on: of those only that a page can need.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
}

/// <summary>What comes of it.</summary>
public abstract record SparkPageAnswer;

/// <summary>A page, an image, figures: whatever the driver or the history server answered.</summary>
/// <param name="Response">The answer; the caller's to dispose.</param>
public sealed record SparkPage(HttpResponseMessage Response) : SparkPageAnswer, IDisposable
{
    /// <summary>The page with its links set right; null for what holds none, to be copied as it comes.</summary>
    public byte[]? Html { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Response.Dispose();
}

/// <summary>It stands elsewhere: <paramref name="Path"/>, on this server.</summary>
public sealed record SparkPageMoved(string Path) : SparkPageAnswer;

/// <summary>It is never shown from here.</summary>
public sealed record SparkPageRefused(string Why) : SparkPageAnswer;

/// <summary>There is none, and there will be none.</summary>
public sealed record SparkPageMissing(string Why) : SparkPageAnswer;

/// <summary>There is none now; there may be soon.</summary>
public sealed record SparkPageNotYet(string Why) : SparkPageAnswer;

/// <summary>
/// The pages of Spark applications: the driver's own while it runs, rebuilt from its event log after that. Where they are is only what was
/// stored of the application; whether it is still that application which answers there is asked before anything of it is shown.
/// </summary>
public sealed class SparkPages
{
    private const int MostKnown = 1000;

    // Spark divides long lists into pages; a timeline of many tasks is some MiB.
    private const int MostHtml = 32 << 20;

    private static readonly TimeSpan DriverLimit = TimeSpan.FromSeconds(30);

    // The history server reads a whole log before it answers.
    private static readonly TimeSpan HistoryLimit = TimeSpan.FromMinutes(2);

    // So long a browser waits for the history server to start; then it is told to come again.
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(5);

    // A log is closed, and copied to where we see it, a moment after the end.
    private static readonly TimeSpan LogAppears = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan KnownFor = TimeSpan.FromSeconds(15);

    private readonly SparkClusters clusters;
    private readonly SparkInstallations installations;
    private readonly HistoryServers history;
    private readonly TimeProvider time;
    private readonly ILogger<SparkPages> logger;
    private readonly ConcurrentDictionary<(Uri Base, string Application), long> known = new();

    internal SparkPages(
        SparkClusters clusters,
        SparkInstallations installations,
        HistoryServers history,
        TimeProvider time,
        ILogger<SparkPages> logger
    ) =>
        (this.clusters, this.installations, this.history, this.time, this.logger) = (
            clusters,
            installations,
            history,
            time,
            logger
        );

    /// <summary>Asks for a page.</summary>
    public async Task<SparkPageAnswer> AskAsync(SparkPageRequest request, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (SparkPagePath.Read(request.Path) is not { } path)
        {
            return new SparkPageMissing($"'{request.Path}' is no path of Spark's pages.");
        }

        if (path.Kills)
        {
            return new SparkPageRefused(
                "Links that end a job or a stage do nothing here. Cancel the execution to end the application."
            );
        }

        var task = request.Task;
        if (task.Application is not { } application)
        {
            return task.State.IsFinal()
                ? new SparkPageMissing($"Nothing was submitted for task '{task.Task}', so it has no pages.")
                : new SparkPageNotYet(
                    $"Task '{task.Task}' is {task.State.ToSnake()}; its application is not submitted yet."
                );
        }

        return application.Ended
            ? await AskHistoryAsync(request, path, application, stop)
            : await AskDriverAsync(request, path, application, stop);
    }

    private async Task<SparkPageAnswer> AskDriverAsync(
        SparkPageRequest request,
        SparkPagePath path,
        SparkApplicationDetail application,
        CancellationToken stop
    )
    {
        if (path.IsRoot)
        {
            return new SparkPageMoved(request.Context + "/jobs/");
        }

        if (path.PageInHistory is { } page)
        {
            return new SparkPageMoved($"{request.Context}/{page}{request.Query}");
        }

        if (application.DriverUi is not { } driver || application.ApplicationId is not { } id)
        {
            return new SparkPageNotYet(
                application.State == SparkState.Pending.ToSnake()
                    ? $"The application waits for the cluster{(application.PendingCause is { } cause ? ": " + cause : "")}."
                    : "The driver is starting; where its pages are is not known yet."
            );
        }

        var connections = clusters.PagesOf(application.Cluster);
        try
        {
            if (!await IsThereAsync(connections, driver, id, stop))
            {
                return new SparkPageNotYet(
                    "What answers at the driver's address is another application: this one has ended, or its address has changed."
                );
            }
        }
        catch (DriverUnavailableException e)
        {
            PagesLog.DriverUnavailable(logger, application.Cluster, id, e.Message);
            return new SparkPageNotYet(
                "The driver does not answer at the moment: it is starting or ending, or this server cannot reach it."
            );
        }

        return await SendAsync(connections, driver, request, path, DriverLimit, stop);
    }

    private async Task<SparkPageAnswer> AskHistoryAsync(
        SparkPageRequest request,
        SparkPagePath path,
        SparkApplicationDetail application,
        CancellationToken stop
    )
    {
        if (application.ApplicationId is not { } id)
        {
            return new SparkPageMissing("The application ended before its id was known, so its pages cannot be found.");
        }

        if (path.IsRoot)
        {
            return new SparkPageMoved($"{request.Context}/history/{Uri.EscapeDataString(id)}/jobs/");
        }

        if (path.IsPage)
        {
            return new SparkPageMoved(
                $"{request.Context}/history/{Uri.EscapeDataString(id)}/{path.Escaped}{request.Query}"
            );
        }

        if (!HistoryServers.Allows("/" + path.Escaped, id))
        {
            return new SparkPageMissing($"'{request.Path}' is no page of application {id}.");
        }

        if (application.EventLog is not { } log)
        {
            return new SparkPageMissing(
                $"Application {id} wrote no event log, so its pages cannot be rebuilt: set eventLogDir of cluster {application.Cluster}."
            );
        }

        var folder = Uri.TryCreate(log, UriKind.Absolute, out var place) && place.IsFile ? place.LocalPath : log;
        if (Path.IsPathRooted(folder) && EventLogFiles.Find(folder, id) is null)
        {
            return time.GetUtcNow() - application.EndedAt < LogAppears
                ? new SparkPageNotYet("The application has just ended; its event log is being closed.")
                : new SparkPageMissing($"This server finds no event log of application {id} in {folder}.");
        }

        if (InstallationFor(application) is not { } installation)
        {
            return new SparkPageMissing(
                "This server has no Spark to rebuild the pages with: name one in its configuration (spark.installations) or in SPARK_HOME."
            );
        }

        using var patience = new CancellationTokenSource(StartPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        Uri server;
        try
        {
            server = await history.FindAsync(installation, folder, either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new SparkPageNotYet("The pages are being rebuilt from the event log.");
        }
        catch (HistoryServerException)
        {
            // It has said in the log why.
            return new SparkPageNotYet(
                "Spark's history server does not start on this server; the server's log says why."
            );
        }

        var plain = clusters.PagesOf(SparkPlanner.Local);
        var answer = await SendAsync(plain, server, request, path, HistoryLimit, stop);
        if (
            answer is not SparkPage { Response.StatusCode: HttpStatusCode.NotFound } missing
            || path.PageInHistory is not { } page
        )
        {
            return answer;
        }

        DriverApplication? listed;
        try
        {
            listed = await new DriverRest(plain, server, time).ApplicationAsync(id, stop);
        }
        catch (DriverUnavailableException)
        {
            listed = null;
        }

        if (listed is null)
        {
            missing.Dispose();
            return new SparkPageNotYet(
                $"Spark's history server does not list application {id} yet. A log is read within seconds; one that stays away cannot be read."
            );
        }

        // YARN's applications have attempts, each with its pages; people want the last one.
        var last = $"history/{listed.Path}/{page}";
        if (listed.AttemptId is not null && last != path.Escaped)
        {
            missing.Dispose();
            return new SparkPageMoved($"{request.Context}/{last}{request.Query}");
        }

        return answer;
    }

    private SparkInstallation? InstallationFor(SparkApplicationDetail application)
    {
        foreach (var name in new[] { application.Installation, null }.Distinct())
        {
            try
            {
                if (installations.Find(name) is { } found)
                {
                    return found;
                }
            }
            catch (FormatException)
            {
                // That one is the worker's, not ours. Any other reads the log as well.
            }
        }

        return null;
    }

    // Ports are used again, by other applications and by anything else.
    private async Task<bool> IsThereAsync(
        HttpMessageInvoker connections,
        Uri driver,
        string applicationId,
        CancellationToken stop
    )
    {
        if (known.TryGetValue((driver, applicationId), out var at) && time.GetElapsedTime(at) < KnownFor)
        {
            return true;
        }

        if (await new DriverRest(connections, driver, time).ApplicationAsync(applicationId, stop) is null)
        {
            return false;
        }

        if (known.Count >= MostKnown)
        {
            known.Clear();
        }

        known[(driver, applicationId)] = time.GetTimestamp();
        return true;
    }

    private async Task<SparkPageAnswer> SendAsync(
        HttpMessageInvoker connections,
        Uri server,
        SparkPageRequest request,
        SparkPagePath path,
        TimeSpan patience,
        CancellationToken stop
    )
    {
        var start = server.GetLeftPart(UriPartial.Path).TrimEnd('/');
        var prefix = server.AbsolutePath.TrimEnd('/');
        var address = new Uri($"{start}/{path.Escaped}{request.Query}");
        using var limit = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        HttpResponseMessage? response = null;
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Get, address);
            foreach (var (name, value) in request.Headers)
            {
                message.Headers.TryAddWithoutValidation(name, value);
            }

            message.Headers.TryAddWithoutValidation(HistoryServers.ContextHeader, request.Context);
            response = await connections.SendAsync(message, either.Token);
            SparkPageAnswer? answer = (int)response.StatusCode switch
            {
                301 or 302 or 303 or 307 or 308 => Moved(response, address, prefix, request.Context),
                401 or 403 => new SparkPageNotYet(
                    $"The cluster does not let this server see the driver's pages ({(int)response.StatusCode})."
                ),
                >= 500 => new SparkPageNotYet($"Spark answered {(int)response.StatusCode}."),
                _ when response.Content.Headers.ContentType?.MediaType == "text/html" => new SparkPage(response)
                {
                    Html = await ReadHtmlAsync(response, prefix, request.Context, either.Token),
                },
                _ => new SparkPage(response),
            };
            response = answer is SparkPage ? null : response;
            return answer;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new SparkPageNotYet($"Spark did not answer within {patience.TotalSeconds:0} s.");
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return new SparkPageMissing($"The page is larger than {MostHtml >> 20} MiB.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            PagesLog.PageUnavailable(logger, request.Task.Application?.ApplicationId, e.Message);
            return new SparkPageNotYet(
                "The driver does not answer at the moment: it is ending, or this server cannot reach it."
            );
        }
        finally
        {
            response?.Dispose();
        }
    }

    private static SparkPageAnswer Moved(HttpResponseMessage response, Uri asked, string prefix, string context) =>
        response.Headers.Location is { } location && SparkPageLinks.Follow(asked, location, prefix, context) is { } path
            ? new SparkPageMoved(path)
            : new SparkPageNotYet("The driver's pages are no longer there: the application is ending.");

    private static async Task<byte[]> ReadHtmlAsync(
        HttpResponseMessage response,
        string prefix,
        string context,
        CancellationToken stop
    )
    {
        await response.Content.LoadIntoBufferAsync(MostHtml, stop);
        var bytes = await response.Content.ReadAsByteArrayAsync(stop);
        // Spark writes UTF-8.
        return Encoding.UTF8.GetBytes(SparkPageLinks.Rewrite(Encoding.UTF8.GetString(bytes), prefix, context));
    }
}

/// <summary>Log lines of the pages: events 1310 to 1319.</summary>
internal static partial class PagesLog
{
    [LoggerMessage(
        1310,
        LogLevel.Debug,
        "The driver of {ApplicationId} on cluster {Cluster} does not show its pages: {Reason}"
    )]
    public static partial void DriverUnavailable(ILogger logger, string cluster, string applicationId, string reason);

    [LoggerMessage(1311, LogLevel.Debug, "A page of {ApplicationId} could not be read: {Reason}")]
    public static partial void PageUnavailable(ILogger logger, string? applicationId, string reason);
}
