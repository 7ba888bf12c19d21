using Sje.Jobs.Engines.Spark.Following;

namespace Sje.Tests.Unit.Engines.Spark.Following;

public class SparkProgressTests
{
    private readonly SparkProgress progress = new();

    [Fact]
    public void Tasks_of_the_running_stage_and_executors_are_in_the_text()
    {
        var step = progress.Take(
            [Job(0, tasks: 600, done: 320, stages: [0, 1, 2, 3, 4], stagesDone: 2)],
            [Stage(2, 200, 120)],
            8
        );

        Assert.Equal("stage 3 of 5: 120/200 tasks, 8 executors", step.Text);
        Assert.InRange(step.Fraction, 0.01, 0.5);
    }

    [Fact]
    public void Before_the_first_job_it_is_at_the_start_and_says_whom_it_waits_for()
    {
        Assert.Equal(new SparkStep(0, "no jobs yet, no executors yet"), progress.Take([], [], 0));
        Assert.Equal("no jobs yet, 1 executor", progress.Take([], [], 1).Text);
        Assert.Equal("no jobs yet", progress.Take([], [], null).Text);
    }

    [Fact]
    public void Stages_that_run_side_by_side_are_named_together()
    {
        var step = progress.Take([Job(0, 30, 5, [0, 1, 2])], [Stage(0, 10, 2), Stage(1, 10, 3)], 2);

        Assert.Equal("stages 1 to 2 of 3: 5/20 tasks, 2 executors", step.Text);
    }

    [Fact]
    public void Jobs_that_appear_later_take_their_room_from_what_is_left()
    {
        var first = progress.Take([Job(0, 10, 5, [0])], [Stage(0, 10, 5)], 1).Fraction;
        var second = progress.Take([Job(0, 10, 10, [0], active: false), Job(1, 10_000, 0, [1])], [], 1).Fraction;
        var third = progress.Take([Job(0, 10, 10, [0], active: false), Job(1, 10_000, 5_000, [1])], [], 1).Fraction;
        var last = progress.Take([Job(0, 10, 10, [0], active: false), Job(1, 10_000, 10_000, [1])], [], 1).Fraction;

        Assert.Equal(0.25, first, 3);
        Assert.InRange(second, first, 0.27);
        Assert.InRange(third, second + 0.2, 0.6);
        Assert.InRange(last, third + 0.2, 0.9);
    }

    [Fact]
    public void It_is_the_same_however_often_one_looks()
    {
        var seldom = new SparkProgress();
        seldom.Take([Job(0, 100, 0, [0])], [], 1);
        for (var done = 0; done <= 80; done++)
        {
            progress.Take([Job(0, 100, done, [0])], [], 1);
        }

        var once = seldom.Take([Job(0, 100, 80, [0])], [], 1).Fraction;

        Assert.Equal(once, progress.Take([Job(0, 100, 80, [0])], [], 1).Fraction, 9);
        Assert.Equal(0.4, once, 9);
    }

    [Fact]
    public void A_stage_that_is_tried_again_moves_nothing_back()
    {
        var before = progress.Take([Job(0, 100, 70, [0, 1])], [Stage(1, 50, 20)], 4);

        // Its executor is lost with the output of the first stage, which runs again; Spark then counts some tasks less.
        var after = progress.Take([Job(0, 100, 60, [0, 1])], [Stage(0, 50, 45) with { Attempt = 1 }], 3);
        var done = progress.Take([Job(0, 100, 71, [0, 1])], [Stage(1, 50, 21) with { Attempt = 1 }], 3);

        Assert.Equal(before.Fraction, after.Fraction);
        Assert.True(done.Fraction > after.Fraction);
    }

    [Fact]
    public void Skipped_stages_count_as_done_when_the_last_stage_runs_without_them()
    {
        // Stages 5 and 6 are there from an earlier job: Spark says so only when the job has ended.
        var step = progress.Take([Job(0, 210, 5, [5, 6, 7])], [Stage(7, 10, 5)], 1);

        var asIfDone = new SparkProgress().Take([Job(0, 210, 205, [7])], [Stage(7, 10, 5)], 1);
        Assert.Equal(asIfDone.Fraction, step.Fraction, 9);
        Assert.InRange(step.Fraction, 0.48, 0.5);
    }

    [Fact]
    public void It_is_never_one_before_the_end()
    {
        SparkStep step = default;
        for (var jobs = 1; jobs <= 2_000; jobs++)
        {
            step = progress.Take(
                [.. Enumerable.Range(0, jobs).Select(id => Job(id, 10, 10, [id], active: false))],
                [],
                1
            );
        }

        Assert.Equal(SparkProgress.MostBeforeEnd, step.Fraction);
        Assert.Equal("2000 of 2000 stages done, 1 executor", step.Text);
        Assert.Equal(1, SparkProgress.End().Fraction);
    }

    [Fact]
    public void An_earlier_run_tells_how_much_is_to_come()
    {
        var known = new SparkProgress(expectedTasks: 400);

        Assert.Equal(0.25, known.Take([Job(0, 100, 100, [0], active: false)], [], 1).Fraction, 3);
        Assert.InRange(
            known.Take([Job(0, 100, 100, [0], active: false), Job(1, 300, 200, [1])], [], 1).Fraction,
            0.73,
            0.75
        );
        Assert.Equal(
            0.99,
            known.Take([Job(0, 100, 100, [0], active: false), Job(1, 300, 300, [1], active: false)], [], 1).Fraction,
            2
        );
    }

    [Fact]
    public void Who_takes_over_goes_on_from_what_was_shown()
    {
        var later = new SparkProgress(reached: 0.6);

        Assert.Equal(0.6, later.Take([Job(0, 100, 10, [0])], [], 1).Fraction);
    }

    [Fact]
    public void Jobs_that_the_driver_forgets_stay_done()
    {
        List<DriverJob> all = [.. Enumerable.Range(0, 100).Select(id => Job(id, 10, 10, [id], active: false))];
        var before = progress.Take(all, [], 1);

        var after = progress.Take([.. all.Skip(50), Job(100, 10, 5, [100])], [Stage(100, 10, 5)], 1);

        Assert.True(after.Fraction >= before.Fraction);
        Assert.Equal("stage 101 of 101: 5/10 tasks, 1 executor", after.Text);
    }

    [Fact]
    public void A_job_that_failed_leaves_nothing_to_wait_for()
    {
        progress.Take([Job(0, 100, 50, [0])], [Stage(0, 100, 50)], 1);

        var step = progress.Take([Job(0, 100, 50, [0], active: false) with { Failed = true }], [], 1);

        Assert.Equal(0.5, step.Fraction, 3);
    }

    private static DriverJob Job(int id, int tasks, int done, int[] stages, int stagesDone = 0, bool active = true) =>
        new(id)
        {
            IsActive = active,
            Tasks = tasks,
            CompletedTasks = done,
            StageIds = stages,
            CompletedStages = active ? stagesDone : stages.Length,
        };

    private static SparkStageFacts Stage(int id, int tasks, int done) =>
        new()
        {
            Id = id,
            State = SparkStageState.Active,
            Tasks = tasks,
            CompletedTasks = done,
        };
}
