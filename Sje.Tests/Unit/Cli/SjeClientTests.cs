using System.Net;
using System.Net.Sockets;
using System.Text;
using Sje.Web.Cli;
using Sje.Web.Failures;

namespace Sje.Tests.Unit.Cli;

public sealed class SjeClientTests : IDisposable
{
    private readonly HttpListener server = new();
    private readonly string address;

    public SjeClientTests()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            address = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
        }

        server.Prefixes.Add(address);
        server.Start();
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => server.Close();

    [Fact]
    public async Task Who_waits_on_asks_again_while_the_database_is_away()
    {
        var answering = AnswerAsync(
            (503, """{"title": "The database does not answer"}"""),
            (200, """{"state": "succeeded"}""")
        );
        using var client = new SjeClient(new Uri(address), key: null);

        var body = await client.GetPatientlyAsync("task/1", Stop);

        Assert.Equal("succeeded", Show.Text(body["state"]));
        await answering;
    }

    [Fact]
    public async Task A_database_that_is_away_is_told_as_unreachable_to_who_asks_once()
    {
        var answering = AnswerAsync((503, """{"title": "The database does not answer"}"""));
        using var client = new SjeClient(new Uri(address), key: null);

        var told = await Assert.ThrowsAsync<FailureException>(() => client.GetAsync("task/1", Stop));

        Assert.Equal(ExitCodes.Unreachable, told.ExitCode);
        await answering;
    }

    [Fact]
    public async Task Aserver_that_was_never_there_is_told_at_once_even_to_who_waits_on()
    {
        server.Stop();
        using var client = new SjeClient(new Uri(address), key: null);

        var told = await Assert.ThrowsAsync<FailureException>(() => client.GetPatientlyAsync("task/1", Stop));

        Assert.Equal(ExitCodes.Unreachable, told.ExitCode);
    }

    private async Task AnswerAsync(params (int Status, string Body)[] answers)
    {
        foreach (var (status, body) in answers)
        {
            var context = await server.GetContextAsync();
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body), Stop);
            context.Response.Close();
        }
    }
}
