using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Telemetry;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Tasks;

namespace Tollgate.Inference.Endpoints;

/// <summary>
/// Answers the requests of all tasks: reads the body, lets the endpoint prepare a job, brings its model into
/// memory where it is not, refuses new work while the worker drains, and keeps
/// the run where a cancel call finds it until nothing is computed for it any more.
/// </summary>
internal sealed partial class TaskRequests(
    IServedModels models, RunningRequests running, Draining draining, RequestRecorder recorder, InferenceMetrics metrics,
    ILogger<TaskRequests> logger)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public async Task AnswerAsync(HttpContext context, ITaskEndpoint endpoint)
    {
        if (await RequestIntake.ReadBodyAsync(context, endpoint.Api) is not { } body)
        {
            return;
        }

        using var found = models.Open(context.Request.Headers[WorkerHeaders.Version]);
        var prepared = Prepare(endpoint, body, found, context.RequestAborted);
        if (found.Missed && !draining.Begun)
        {
            var loaded = await found.TryLoadAsync(context.RequestAborted);
            prepared = loaded ? Prepare(endpoint, body, found, context.RequestAborted) : prepared;
            if (prepared is PreparedRequest.Refused { Error.Code: OpenAiError.ModelNotFoundCode })
            {
                prepared = OpenAiError.ModelNotLoaded(RetryAfter);
            }
        }

        switch (prepared)
        {
            case PreparedRequest.Ready ready:
                await RunAsync(context, endpoint.Api.Operation, ready.Job);
                break;
            case PreparedRequest.Refused refused:
                await ErrorAnswer.WriteAsync(context, refused.Error);
                break;
        }
    }

    private static PreparedRequest Prepare(
        ITaskEndpoint endpoint, IncomingBody body, IFoundModels found, CancellationToken cancellationToken) => body.Form is { } form
        ? endpoint.Prepare(form, found.Find, cancellationToken)
        : endpoint.Prepare(body.Bytes, found.Find, cancellationToken);

    private async Task RunAsync(HttpContext context, string operation, ITaskJob job)
    {
        using var answering = running.Enter();
        if (draining.Begun)
        {
            metrics.Refused(job.Model.Name, "draining");
            await ErrorAnswer.WriteAsync(context, OpenAiError.Overloaded(RetryAfter));
            return;
        }

        var run = job.Begin(new RequestScope(context.Request, job.Model.Name, operation, recorder));
        await running.AddAsync(run);
        try
        {
            await run.AnswerAsync(new Reply(context));
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            Log.ClientGone(logger, run.RequestId);
        }
        finally
        {
            run.Cancel(); // Does nothing unless the answer could not be written.
            await run.Ended;
            running.Remove(run);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Request {Request}: the gateway has gone.")]
        public static partial void ClientGone(ILogger logger, Guid request);
    }
}
