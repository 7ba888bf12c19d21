using Sje.Tests.Unit.Jobs;

namespace Sje.Tests.Unit.Dialects;

public class OriginalTaskTests
{
    [Fact]
    public void The_original_task_becomes_a_spark_job()
    {
        var job = Reading.Good(
            """
            {"jobId": "daily report #7", "jobType": "SparkApp", "sparkAppPath": "s3://apps/report.jar",
             "parameters": {"day": "2024-05-01", "limit": 10, "ratio": 1.50, "dry": true, "with space": ""},
             "dependencies": ["a.jar", "b.py", "c.ZIP", "d.jar", "e.egg"], "queue": "spark", "retry": {"maxAttempts": 2}}
            """
        );
        Assert.Equal(("daily report -7", "daily report #7", "spark"), (job.Name, job.Label, job.Queue));
        Assert.Empty(job.Parameters);
        var task = Assert.Single(job.Tasks);
        Assert.Equal(("main", "spark", 2), (task.Name, task.Type, task.Retry.MaxAttempts));
        Assert.Equal(
            """{"application":"s3://apps/report.jar","arguments":["--day","2024-05-01","--limit","10","--ratio","1.50","--dry","true","--with space",""],"jars":["a.jar","d.jar"],"pyFiles":["b.py","c.ZIP","e.egg"]}""",
            task.Settings.ToJsonString()
        );
    }

    [Theory]
    [InlineData("""{"jobType": "SparkApp", "sparkAppPath": "/apps/my app(1).py"}""", "my app-1-.py")]
    [InlineData("""{"jobType": "SparkApp", "sparkAppPath": "/apps/"}""", "spark")]
    [InlineData("""{"jobId": "##", "jobType": "spark", "sparkAppPath": "x.jar"}""", "x.jar")]
    [InlineData("""{"name": "given", "jobId": "l", "type": "SparkApp", "sparkAppPath": "x.jar"}""", "given")]
    public void It_is_named_after_its_label_or_its_file(string text, string name)
    {
        var job = Reading.Good(text);
        Assert.Equal(name, job.Name);
        Assert.Equal(["application"], job.Tasks[0].Settings.Select(f => f.Key));
    }

    [Theory]
    [InlineData("""{"sparkAppPath": "x"}""", "/jobType required")]
    [InlineData("""{"jobId": "1", "sparkAppPath": "x"}""", "/jobType required")]
    [InlineData("""{"jobType": "SparkApp", "sparkAppPath": null}""", "/sparkAppPath required")]
    [InlineData("""{"jobType": "SparkApp", "sparkAppPath": ""}""", "/sparkAppPath invalid_value")]
    [InlineData("""{"jobType": "SparkApp", "sparkAppPath": 5}""", "/sparkAppPath wrong_type")]
    [InlineData("""{"jobType": "process", "sparkAppPath": "x"}""", "/jobType conflict")]
    [InlineData("""{"jobType": 5, "sparkAppPath": "x"}""", "/jobType conflict")]
    [InlineData("""{"jobType": "SparkApp", "sparkAppPath": "x", "parameters": [1]}""", "/parameters wrong_type")]
    [InlineData(
        """{"jobType": "SparkApp", "sparkAppPath": "x", "parameters": {"a": null, "b": {}, "c": [1], "": 1}}""",
        "/parameters/a wrong_type",
        "/parameters/b wrong_type",
        "/parameters/c wrong_type",
        "/parameters/ invalid_value"
    )]
    [InlineData(
        """{"jobType": "SparkApp", "sparkAppPath": "x", "parameters": {"a": 1, "b": "{{ nope }}"}}""",
        "/parameters/b template"
    )]
    [InlineData("""{"jobType": "SparkApp", "sparkAppPath": "{{ parameters.x }}"}""", "/sparkAppPath template")]
    [InlineData(
        """{"jobType": "SparkApp", "sparkAppPath": "x", "dependencies": "a.jar"}""",
        "/dependencies wrong_type"
    )]
    [InlineData(
        """{"jobType": "SparkApp", "sparkAppPath": "x", "dependencies": ["a.jar", 5]}""",
        "/dependencies/1 wrong_type"
    )]
    [InlineData(
        """{"jobType": "SparkApp", "sparkAppPath": "x", "dependencies": ["a.jar", "b.py", "{{"]}""",
        "/dependencies/2 template"
    )]
    [InlineData(
        """{"jobType": "SparkApp", "sparkAppPath": "x", "spark": {}, "tasks": []}""",
        "/spark conflict",
        "/tasks conflict"
    )]
    [InlineData(
        """{"jobType": "SparkApp", "sparkAppPath": "x", "foo": 1, "schedule": {"cron": "x"}}""",
        "/foo unknown_field",
        "/schedule/cron invalid_value"
    )]
    public void Its_faults_point_into_the_original(string text, params string[] faults) =>
        Assert.Equal(faults.Order(), Reading.Faults(text).Order());

    [Theory]
    [InlineData("""{"jobType": "SparkApp", "sparkAppPath": ""}""", "/sparkAppPath: 'sparkAppPath' is empty.")]
    [InlineData(
        """{"sparkAppPath": "x"}""",
        "/jobType: 'jobType' is missing; a task with a 'sparkAppPath' is of type SparkApp."
    )]
    public void Its_faults_are_told_in_its_own_words(string text, string complaint) =>
        Assert.Equal(complaint, DialectReading.Complaints(text));
}
