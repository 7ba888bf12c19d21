using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>sje top</c>: queues, workers and what runs, live in a terminal.</summary>
internal static class TopCommand
{
    private const int MostRows = 300;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan SoonestAgain = TimeSpan.FromMilliseconds(500);

    private static readonly Option<bool> Once = new("--once")
    {
        Description = "Show it once, as text; so also where standard output is no terminal",
    };
    private static readonly Option<double> Interval = new("--interval")
    {
        Description = "Seconds between looks where nothing is heard of the server, 0.5 to 3600",
        DefaultValueFactory = _ => 2,
    };

    public static Command Create()
    {
        var command = ClientOptions.With(
            new Command("top", "Watch queues, workers and what runs, live") { Once, Interval }
        );
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        if (parsed.GetValue(Interval) is not (>= 0.5 and <= 3600))
        {
            throw new FailureException("--interval takes 0.5 to 3600 seconds.", ExitCodes.Usage);
        }

        using var client = ClientOptions.Connect(parsed);
        var json = ClientOptions.Json(parsed);
        if (json || parsed.GetValue(Once) || !Show.Interactive || Console.IsInputRedirected)
        {
            await ShowOnceAsync(client, json, stop);
            return ExitCodes.Ok;
        }

        await WatchAsync(client, TimeSpan.FromSeconds(parsed.GetValue(Interval)), stop);
        return ExitCodes.Ok;
    }

    private static async Task ShowOnceAsync(SjeClient client, bool json, CancellationToken stop)
    {
        var (running, waiting, queues, workers) = await AskAsync(client, stop);
        if (json)
        {
            Show.Json(
                new JsonObject
                {
                    ["counts"] = running["counts"]?.DeepClone(),
                    ["running"] = running["items"]?.DeepClone(),
                    ["queued"] = waiting["items"]?.DeepClone(),
                    ["queues"] = queues["items"]?.DeepClone(),
                    ["workers"] = workers["items"]?.DeepClone(),
                }
            );
            return;
        }

        var data = TopData.Read(running, waiting, queues, workers);
        var now = TimeProvider.System.GetUtcNow();
        var width = Console.IsOutputRedirected ? 160 : TopTerminal.Size.Width;
        var link = new TopLink(client.Address.ToString(), now, null);
        foreach (var view in Enum.GetValues<TopView>())
        {
            var state = new TopState { View = view };
            var rows = data.Of(view).Count;
            var frame = TopScreen.Draw(state, data, link, width, rows + 12, now, colours: false);
            var first = view == TopView.Executions ? 0 : 2;
            foreach (var line in frame.Skip(first).Take((first == 0 ? 4 : 2) + Math.Max(1, rows)))
            {
                Console.Out.WriteLine(line.TrimEnd());
            }

            Console.Out.WriteLine();
        }
    }

    private static async Task WatchAsync(SjeClient client, TimeSpan interval, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            over.Cancel();
        }

        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, End);
        using var feed = new TopFeed(client, interval);
        var following = feed.FollowAsync(over.Token);
        try
        {
            using var terminal = new TopTerminal();
            await DrawAsync(client, terminal, feed, over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // Told to end; the screen is given back.
        }
        finally
        {
            await over.CancelAsync();
            await following;
        }
    }

    private static async Task DrawAsync(SjeClient client, TopTerminal terminal, TopFeed feed, CancellationToken stop)
    {
        var colours = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var state = new TopState();
        var (data, link) = (feed.Data, feed.Link);
        Task<string>? deed = null;
        while (!state.Quits)
        {
            stop.ThrowIfCancellationRequested();
            var size = TopTerminal.Size;
            var now = TimeProvider.System.GetUtcNow();
            while (Console.KeyAvailable)
            {
                (state, var wish) = state.Press(
                    Console.ReadKey(intercept: true),
                    data,
                    now,
                    TopScreen.RowsOn(size.Height)
                );
                if (wish is not null && deed is null)
                {
                    state = state with { Message = $"{wish.Deed} {wish.Name} ..." };
                    deed = DoAsync(client, wish, stop);
                }
            }

            if (deed is { IsCompleted: true })
            {
                state = state with { Message = await deed };
                deed = null;
                feed.LookAgain();
            }

            // Trouble is told also while the figures stand still.
            link = state.Frozen ? link with { Trouble = feed.Link.Trouble } : feed.Link;
            data = state.Frozen ? data : feed.Data;
            terminal.Show(TopScreen.Draw(state, data, link, size.Width, size.Height, now, colours), size);
            await Task.Delay(Tick, TimeProvider.System, stop);
        }
    }

    private static async Task<string> DoAsync(SjeClient client, TopWish wish, CancellationToken stop)
    {
        var path = wish.View switch
        {
            TopView.Queues => "queues",
            TopView.Workers => "workers",
            _ => "executions",
        };
        try
        {
            await client.SendAsync(
                HttpMethod.Post,
                $"api/v1/{path}/{Uri.EscapeDataString(wish.Id)}/{wish.Deed.ToString().ToLowerInvariant()}",
                null,
                null,
                stop
            );
            return $"{wish.Name}: {(wish.Deed == TopDeed.Cancel ? "asked to stop" : wish.Deed == TopDeed.Pause ? "paused" : "resumed")}";
        }
        catch (FailureException refused)
        {
            return refused.Message;
        }
    }

    /// <summary>Asks for all that is shown.</summary>
    internal static async Task<(JsonNode Running, JsonNode Waiting, JsonNode Queues, JsonNode Workers)> AskAsync(
        SjeClient client,
        CancellationToken stop
    )
    {
        var running = client.GetAsync($"api/v1/executions?state=running&limit={MostRows}", stop);
        var waiting = client.GetAsync("api/v1/executions?state=queued&limit=100", stop);
        var queues = client.GetAsync("api/v1/queues?limit=1000", stop);
        var workers = client.GetAsync("api/v1/workers?limit=1000", stop);
        await Task.WhenAll(running, waiting, queues, workers);
        return (await running, await waiting, await queues, await workers);
    }

    /// <summary>Brings the figures: at once where the server tells of a change, else every so often.</summary>
    private sealed class TopFeed(SjeClient client, TimeSpan interval) : IDisposable
    {
        private readonly SemaphoreSlim changed = new(0, 1);
        private volatile TopLink link = new(client.Address.ToString(), null, null);
        private volatile TopData data = TopData.Empty;

        /// <summary>How the server is.</summary>
        public TopLink Link => link;

        /// <summary>The newest figures.</summary>
        public TopData Data => data;

        /// <summary>Once it follows no more.</summary>
        public void Dispose() => changed.Dispose();

        /// <summary>Lets it look now.</summary>
        public void LookAgain()
        {
            try
            {
                changed.Release();
            }
            catch (SemaphoreFullException)
            {
                // It is about to look.
            }
        }

        /// <summary>Goes on until it is told to stop; then it ends without a word.</summary>
        public async Task FollowAsync(CancellationToken stop)
        {
            var listening = ListenAsync(stop);
            try
            {
                while (true)
                {
                    await LookAsync(stop);
                    await Task.Delay(SoonestAgain, TimeProvider.System, stop);
                    await changed.WaitAsync(interval > SoonestAgain ? interval - SoonestAgain : TimeSpan.Zero, stop);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                await listening;
            }
        }

        private async Task LookAsync(CancellationToken stop)
        {
            try
            {
                var (running, waiting, queues, workers) = await AskAsync(client, stop);
                data = TopData.Read(running, waiting, queues, workers);
                link = link with { ReadAt = TimeProvider.System.GetUtcNow(), Trouble = null };
            }
            catch (FailureException trouble)
            {
                link = link with { Trouble = trouble.Message };
            }
        }

        // What is heard only says that something has changed; a stream that breaks costs nothing but the waiting for the next look.
        private async Task ListenAsync(CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    await foreach (
                        var _ in client.StreamAsync("api/v1/events?topics=executions,tasks,queues,workers", stop)
                    )
                    {
                        LookAgain();
                    }
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    return;
                }
                catch (Exception broken) when (broken is FailureException or IOException or HttpRequestException)
                {
                    // Asked again below.
                }

                try
                {
                    await Task.Delay(interval, TimeProvider.System, stop);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }
    }
}
