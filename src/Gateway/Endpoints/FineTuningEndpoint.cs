using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.OpenApi;
using Tollgate.Gateway.Relays;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>/v1/fine_tuning</c>, which the service Learning answers: jobs, which trainers run, and what became of them.</summary>
internal sealed partial class FineTuningEndpoint() : RelayedEndpoint(PublicEndpoint.FineTuning, "learning"), IEndpoint
{
    private const string Tag = "Fine-tuning";
    private const string Jobs = "/v1/fine_tuning/jobs";
    private const string Id = "ftjob-0195aaaa00007000800000000000001e";
    private const string File = "file-0195aaaa00007000800000000000000f";

    private static readonly OpenAiError[] OfJob = [OpenAiError.JobNotFound(Id)];

    private static readonly OpenAiError[] OfQuery =
        [OpenAiError.InvalidValue("limit", "an integer between 1 and 100", "'0'"), OpenAiError.UnknownParameter("before")];

    private static readonly OpenAiError[] OfBody =
    [
        OpenAiError.MissingParameter("training_file"), OpenAiError.InvalidType("seed", "an integer", "a string"),
        OpenAiError.InvalidValue("method.type", "'supervised', 'head', 'encoder' or 'lstm'", "'lora'"),
        OpenAiError.UnsupportedMethod("method.type", "dpo", "'supervised', 'head', 'encoder' or 'lstm'"),
        OpenAiError.UnsupportedParameter("integrations", "is not supported here: there is no wandb"),
        OpenAiError.UnknownParameter("epochs"), OpenAiError.ModelNotTrainable("no-such-model"),
        OpenAiError.TrainingFileNotFound("training_file", File),
        OpenAiError.UnusableTrainingFile("training_file", File, "Its purpose is 'batch'; send it with the purpose 'fine-tune'."),
        OpenAiError.TooManyJobs(20), OpenAiError.TooManyFiles("training_file", 10_000),
        OpenAiError.FileStorageFull("training_file", 1_000, 900, 200),
        OpenAiError.BodyIncomplete(), OpenAiError.BodyTooSlow(), OpenAiError.UnsupportedMediaType("text/plain"),
        OpenAiError.BodyTooLarge(256 * 1024),
    ];

    public void Map(IEndpointRouteBuilder routes)
    {
        Counted(
            Map(routes, "POST", Jobs)
                .Describe(
                    "createFineTuningJob", Tag, "Train a model",
                    "Trains a classifier of texts on a file of purpose fine-tune, with the key that creates the job. A plan with the "
                    + "method and the most tokens that can be trained comes before the first step; "
                    + "trained tokens are billed as they become "
                    + "durable. Organizations take turns. The same request sent again makes another job.")
                .TakesOnce<FineTuningJobRequestBody>(FineTuningExamples.Request)
                .Answers<FineTuningJobBody>(FineTuningExamples.Job, AnswerHeaderTable.Limits),
            OfBody);
        Free(
            Map(routes, "GET", Jobs)
                .Describe("listFineTuningJobs", Tag, "List jobs", "Lists the project's jobs, the newest first.")
                .AsksFor(FineTuningExamples.JobQuery)
                .Answers<JobListBody>(FineTuningExamples.Jobs),
            OfQuery);
        Free(
            Map(routes, "GET", $"{Jobs}/{{job}}")
                .Describe("retrieveFineTuningJob", Tag, "Show a job", "Shows a job's state, its plan, its progress and its model.")
                .HasId("job", "Id of a job.").Answers<FineTuningJobBody>(FineTuningExamples.Job),
            OfJob);
        Change(
            routes, "cancel", "Cancel a job", "Ends a job at once, whatever its state. What it had trained is billed.", "cancelled");
        Change(
            routes, "pause", "Pause a job", "Stops a job after its current step and a checkpoint. A paused job trains and costs nothing.",
            "paused");
        Change(
            routes, "resume", "Resume a job", "Lets a paused job go on from its last checkpoint, when its turn comes.", "resumed");
        Free(
            Map(routes, "GET", $"{Jobs}/{{job}}/events")
                .Describe(
                    "listFineTuningEvents", Tag, "List a job's events",
                    "Lists what happened to a job, the newest first; with stream=true sends it as it happens, the oldest first.")
                .HasId("job", "Id of a job.").AsksFor(FineTuningExamples.EventQuery)
                .Answers<JobEventListBody>(FineTuningExamples.Events),
            [.. OfJob, .. OfQuery]);
        Free(
            Map(routes, "GET", $"{Jobs}/{{job}}/checkpoints")
                .Describe(
                    "listFineTuningCheckpoints", Tag, "List a job's checkpoints",
                    "Lists the points from which an interrupted job goes on, the newest first, with the figures there.")
                .HasId("job", "Id of a job.").AsksFor(FineTuningExamples.CheckpointQuery)
                .Answers<CheckpointListBody>(FineTuningExamples.Checkpoints),
            [.. OfJob, .. OfQuery]);
        Free(
            Map(routes, "GET", $"{Jobs}/{{job}}/evaluation")
                .Describe(
                    "showFineTuningEvaluation", Tag, "Show a job's evaluation",
                    "Shows what the trained model does with the rows that were held out: figures with intervals, simpler classifiers "
                    + "beside it, the worst mistakes, leaks and doubtful labels.")
                .HasId("job", "Id of a job.").Answers<EvaluationBody>(FineTuningExamples.Evaluation),
            [.. OfJob, OpenAiError.NoEvaluation(Id, "running")]);
        MapDeployments(routes);
        MapFederated(routes);
    }

    private void Change(IEndpointRouteBuilder routes, string verb, string summary, string description, string action) => Counted(
        Map(routes, "POST", $"{Jobs}/{{job}}/{verb}")
            .Describe($"{verb}FineTuningJob", Tag, summary, $"{description} The same call again answers again.")
            .HasId("job", "Id of a job.").Answers<FineTuningJobBody>(FineTuningExamples.Job, AnswerHeaderTable.Limits),
        [.. OfJob, OpenAiError.JobNotIn(Id, action, "succeeded")]);
}
