using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>The owner's routes of federated trainings.</summary>
internal sealed partial class FineTuningEndpoint
{
    private const string FederatedTag = "Federated training";

    private static readonly OpenAiError[] OfFederated = [OpenAiError.FederatedJobNotFound(FederatedExamples.Id)];

    private static readonly OpenAiError[] OfFederatedBody =
    [
        OpenAiError.MissingParameter("base_model"), OpenAiError.MissingParameter("participants[0].public_key"),
        OpenAiError.InvalidValue("minimum", "an integer between 5, which is more than half of the participants and at least 3, and 8", "4"),
        OpenAiError.InvalidType("labels", "an array", "a string"), OpenAiError.UnknownParameter("model"),
        OpenAiError.DuplicateParameter("rounds"), OpenAiError.TooManyFederatedJobs(20), OpenAiError.BodyIncomplete(),
        OpenAiError.BodyTooSlow(), OpenAiError.UnsupportedMediaType("text/plain"), OpenAiError.BodyTooLarge(256 * 1024),
    ];

    private void MapFederated(IEndpointRouteBuilder routes)
    {
        Counted(
            Map(routes, "POST", "/v1/fine_tuning/federated")
                .Describe(
                    "createFederatedJob", FederatedTag, "Train on data that stays with its owners",
                    "Participants train the linear layer over a frozen base model with their own rows, on their own machines, by the kit "
                    + "tollgate-federated. They send updates under masks that cancel in the sum; the service learns the sum over at least "
                    + "minimum participants and no single update. It costs nothing but requests.")
                .TakesOnce<FederatedRequestBody>(FederatedExamples.Request)
                .Answers<FederatedJobBody>(FederatedExamples.Job, AnswerHeaderTable.Limits),
            OfFederatedBody);
        Free(
            Map(routes, "GET", "/v1/fine_tuning/federated")
                .Describe(
                    "listFederatedJobs", FederatedTag, "List federated trainings",
                    "Lists the project's federated trainings, the newest first, without participants and rounds.")
                .AsksFor(FederatedExamples.ListParameters)
                .Answers<FederatedListBody>(FederatedExamples.List),
            [OpenAiError.InvalidValue("limit", "an integer between 1 and 100", "'0'"), OpenAiError.UnknownParameter("before")]);
        Free(
            Map(routes, "GET", "/v1/fine_tuning/federated/{job}")
                .Describe(
                    "retrieveFederatedJob", FederatedTag, "Show a federated training",
                    "Shows where a training is, who has joined, and whose updates are in each round's sum.")
                .HasId("job", "Id of a federated training.").Answers<FederatedJobBody>(FederatedExamples.Job),
            OfFederated);
        Counted(
            Map(routes, "POST", "/v1/fine_tuning/federated/{job}/cancel")
                .Describe(
                    "cancelFederatedJob", FederatedTag, "Cancel a federated training",
                    "Ends a training. A cancelled training answers again.")
                .HasId("job", "Id of a federated training.")
                .Answers<FederatedJobBody>(FederatedExamples.Job, AnswerHeaderTable.Limits),
            [.. OfFederated, OpenAiError.FederatedJobNotCancellable(FederatedExamples.Id, "succeeded")]);
        Free(
            Map(routes, "GET", "/v1/fine_tuning/federated/{job}/result")
                .Describe(
                    "retrieveFederatedResult", FederatedTag, "Fetch the trained layer",
                    "Fetches the layer of a training that succeeded. The kit's verb export puts it over the base model, as a folder that "
                    + "./tollgate models import takes.")
                .HasId("job", "Id of a federated training.").Answers<FederatedResultBody>(FederatedExamples.Result),
            [.. OfFederated, OpenAiError.FederatedJobNotSucceeded(FederatedExamples.Id, "running")]);
    }
}
