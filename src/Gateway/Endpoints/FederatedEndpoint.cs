using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.OpenApi;
using Tollgate.Gateway.Relays;

namespace Tollgate.Gateway.Endpoints;

/// <summary>What participants of a federated training call, by the kit.</summary>
internal sealed class FederatedEndpoint() : RelayedEndpoint(PublicEndpoint.Federated, "learning"), IEndpoint
{
    private const string Tag = "Federated training";

    private static readonly OpenApiParameter Participant = new()
    {
        Name = "participant",
        In = ParameterLocation.Query,
        Required = true,
        Description = "Number of the participant, from 1 in the task's order.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "255" },
    };

    private static readonly OpenAiError[] Common =
        [OpenAiError.FederatedJobNotFound(FederatedExamples.Id), OpenAiError.UnknownParticipant(9, 8)];

    public void Map(IEndpointRouteBuilder routes)
    {
        Free(
            Map(routes, "GET", "/v1/fine_tuning/federated/{job}/round")
                .Describe(
                    "retrieveFederatedRound", Tag, "Show what a participant is asked for",
                    "Shows the task, where the training is, and what the participant needs for its next message.")
                .HasId("job", "Id of a federated training.").AsksFor(Participant)
                .Answers<FederatedRoundBody>(FederatedExamples.Round),
            [.. Common, OpenAiError.MissingParameter("participant"), OpenAiError.UnknownParameter("round")]);
        Counted(
            Map(routes, "POST", "/v1/fine_tuning/federated/{job}/messages")
                .Describe(
                    "sendFederatedMessage", Tag, "Send a participant's message",
                    "Takes a message that the participant's registered key has signed. What does not belong to the present step is "
                    + "refused by name and changes nothing.")
                .HasId("job", "Id of a federated training.")
                .TakesOnce<FederatedMessageBody>(FederatedExamples.Message)
                .Answers<FederatedTakenBody>(FederatedExamples.Taken, AnswerHeaderTable.Limits),
            [
                .. Common, OpenAiError.MissingParameter("signature"), OpenAiError.InvalidValue("payload", "bytes in base64", "'*'"),
                OpenAiError.WrongMessageSignature(1), OpenAiError.MessageOutOfTurn(true, "round 2, attempt 1, phase keys"),
                OpenAiError.MessageOutOfTurn(false, "round 2, attempt 1, phase keys"), OpenAiError.MessageReplayed(1),
                OpenAiError.ParticipantNotInRound(1), OpenAiError.MalformedPayload("this step has 130 bytes, not 12."),
                OpenAiError.FederatedJobEnded(FederatedExamples.Id, "failed"), OpenAiError.BodyIncomplete(), OpenAiError.BodyTooSlow(),
                OpenAiError.UnsupportedMediaType("text/plain"), OpenAiError.BodyTooLarge(256 * 1024),
            ]);
    }
}
