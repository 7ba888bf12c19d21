using System.Security.Claims;
using Sje.Jobs.Engines.Spark;
using Sje.Jobs.Engines.Spark.Store;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.SparkUi;

namespace Sje.Web.Api;

/// <summary>
/// Spark's own pages of an execution: the driver's while it runs, rebuilt from the event log after that. Of an execution with several Spark
/// tasks each has its own, below the task.
/// </summary>
internal static class SparkUiApi
{
    private const string Folder = "spark-ui";
    private const string Page = "text/html";

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var (start, suffix) in new[] { ("/executions", ""), ("/api/v1/executions", "V1") })
        {
            var group = routes.MapGroup(start + "/{id:guid}").WithTags("Executions");
            Describe(
                group
                    .MapGet(
                        $"/{Folder}/{{**path}}",
                        (
                            Guid id,
                            string? path,
                            HttpContext context,
                            ClaimsPrincipal user,
                            ExecutionReader executions,
                            SparkReader reader,
                            SparkPages pages,
                            CancellationToken stop
                        ) => GetAsync(start, id, null, path, context, user, executions, reader, pages, stop)
                    )
                    .WithName("getSparkUi" + suffix)
                    .WithSummary("Spark's pages of its only Spark task; of several, those of the one that tells most")
            );
            Describe(
                group
                    .MapGet(
                        $"/tasks/{{task}}/{Folder}/{{**path}}",
                        (
                            Guid id,
                            string task,
                            string? path,
                            HttpContext context,
                            ClaimsPrincipal user,
                            ExecutionReader executions,
                            SparkReader reader,
                            SparkPages pages,
                            CancellationToken stop
                        ) => GetAsync(start, id, task, path, context, user, executions, reader, pages, stop)
                    )
                    .WithName("getTaskSparkUi" + suffix)
                    .WithSummary("Spark's pages of one of its tasks, by the task's name or id")
            );
        }
    }

    /// <summary>Whether a path is one of these, also where it is mapped beside somebody else's.</summary>
    internal static bool IsOurs(PathString path) =>
        path.StartsWithSegments("/executions", out var rest)
        && (rest.Value ?? "").Split('/').Skip(2).Contains(Folder, StringComparer.OrdinalIgnoreCase);

    private static void Describe(RouteHandlerBuilder route) =>
        route
            .RequireAuthorization(Policies.Viewer)
            .WithMetadata(new SignInByPage())
            .Produces(StatusCodes.Status200OK, contentType: Page)
            .Produces(StatusCodes.Status302Found)
            .Produces(StatusCodes.Status304NotModified)
            .Refuses(ProblemKind.Forbidden, ProblemKind.NotFound, ProblemKind.NotReady);

    private static async Task<IResult> GetAsync(
        string start,
        Guid id,
        string? task,
        string? path,
        HttpContext context,
        ClaimsPrincipal user,
        ExecutionReader executions,
        SparkReader reader,
        SparkPages pages,
        CancellationToken stop
    )
    {
        if (await executions.FindAsync(id, user.Caller().Scope, stop) is null)
        {
            return Refusal.NotFound("execution", id.ToString());
        }

        var own = $"{context.Request.PathBase.ToUriComponent()}{start}/{id}";
        var tasks = await reader.ListAsync(id, 0, ExecutionViews.TasksShown, stop);
        SparkTaskDetail asked;
        if (task is not null)
        {
            var named = tasks.FirstOrDefault(one => one.TaskId.ToString() == task || one.Task == task);
            if (named is null)
            {
                return new Refusal(ProblemKind.NotFound, $"Execution '{id}' has no Spark task '{task}'.");
            }

            own += $"/tasks/{named.TaskId}";
            asked = named;
            if (task != named.TaskId.ToString())
            {
                // A name may be a word by which Spark's scripts find their way (history, proxy); an id is none.
                return Results.Redirect($"{own}/{Folder}/");
            }
        }
        else if (tasks is [var only])
        {
            asked = only;
        }
        else if (tasks.Count == 0)
        {
            return new Refusal(ProblemKind.NotFound, $"Execution '{id}' has no task of type spark.");
        }
        else
        {
            return Results.Redirect($"{own}/tasks/{Telling(tasks).TaskId}/{Folder}/");
        }

        var answer = await pages.AskAsync(
            new SparkPageRequest(asked, $"{own}/{Folder}", path, context.Request.QueryString.ToUriComponent())
            {
                Headers = PassedOn.Of(context.Request.Headers),
            },
            stop
        );
        return answer switch
        {
            SparkPage page => new ForwardedPage(page, $"{own}/{Folder}"),
            SparkPageMoved moved => Results.Redirect(moved.Path),
            SparkPageRefused refused => new Refusal(ProblemKind.Forbidden, refused.Why),
            SparkPageMissing missing => new PageProblem(new Refusal(ProblemKind.NotFound, missing.Why), missing.Why),
            SparkPageNotYet notYet => new PageProblem(
                new Refusal(ProblemKind.NotReady, notYet.Why) { RetryAfter = PageProblem.Again },
                notYet.Why
            ),
            _ => throw new InvalidOperationException($"{answer.GetType().Name} is no answer."),
        };
    }

    // One that runs, else the one that was submitted last.
    private static SparkTaskDetail Telling(IReadOnlyList<SparkTaskDetail> tasks) =>
        tasks
            .OrderByDescending(task => task.Application is { Ended: false })
            .ThenByDescending(task => task.Application?.ChosenAt)
            .First();
}
