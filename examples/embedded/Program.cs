using Hangfire;
using Sje.Examples.Embedded;
using Sje.Web.Embedding;

// An ASP.NET Core program of your own with SJE in it: SJE's API and the dashboard, its tasks, and your ordinary Hangfire jobs.
var builder = WebApplication.CreateBuilder(args);
builder.AddSje(sje =>
{
    sje.HangfireQueues.Add("reports");
    sje.HangfirePollingInterval = TimeSpan.FromSeconds(1);
});
builder.Services.AddSingleton<Reports>();

var app = builder.Build();
app.MapSje();
app.MapGet("/", () => "A program of yours. SJE is at /docs, Hangfire's dashboard at /hangfire.");

// Hangfire's client and recurring jobs come from the services, as everywhere.
app.MapPost(
    "/reports/{name}",
    (string name, IBackgroundJobClient jobs) =>
    {
        var written = jobs.Enqueue<Reports>("reports", reports => reports.Write(name));
        return new { job = written, sent = jobs.ContinueJobWith<Reports>(written, reports => reports.Send(name)) };
    }
);
app.MapPost(
    "/reports/{name}/later",
    (string name, int seconds, IBackgroundJobClient jobs) =>
        new { job = jobs.Schedule<Reports>(reports => reports.Write(name), TimeSpan.FromSeconds(seconds)) }
);
app.MapPost(
    "/reports/{name}/unreliable",
    (string name, IBackgroundJobClient jobs) =>
        new { job = jobs.Enqueue<Reports>(reports => reports.WriteAtLast(name)) }
);
app.MapGet("/reports", (Reports reports) => reports.All);
app.Services.GetRequiredService<IRecurringJobManager>()
    .AddOrUpdate<Reports>("daily-report", "reports", reports => reports.Write("daily"), Cron.Daily);
app.Run();
