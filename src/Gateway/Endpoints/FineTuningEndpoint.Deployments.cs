using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Trained models and their names.</summary>
internal sealed partial class FineTuningEndpoint
{
    private const string TrainedModel = "ft-tiny-embed-mood-8000000000ab";
    private static readonly OpenAiError[] OfDeployment = [OpenAiError.DeploymentNotFound("mood")];
    private static readonly OpenAiError[] OfModel = [OpenAiError.TrainedModelNotFound(TrainedModel)];

    private static readonly OpenAiError[] OfDeploymentBody =
    [
        .. OfModel, OpenAiError.MissingParameter("model"), OpenAiError.UnknownParameter("threshold"),
        OpenAiError.InvalidType("minimum", "an object", "a decimal number"),
        OpenAiError.InvalidValue("minimum.metric", "'accuracy', 'macro_f1' or 'roc_auc'", "'luck'"),
        OpenAiError.BelowMinimum(TrainedModel, "mood", "accuracy", 0.9, 0.83, isOfName: true),
        OpenAiError.TooManyDeployments(20), OpenAiError.BodyIncomplete(), OpenAiError.BodyTooSlow(),
        OpenAiError.UnsupportedMediaType("text/plain"), OpenAiError.BodyTooLarge(256 * 1024),
    ];

    private void MapDeployments(IEndpointRouteBuilder routes)
    {
        Counted(
            Map(routes, "POST", "/v1/fine_tuning/deployments")
                .Describe(
                    "createDeployment", Tag, "Deploy a trained model",
                    "Gives a trained model a name that requests of the project can use as their model. A name that has a model goes on "
                    + "pointing at it until the new one is ready; no request fails meanwhile. Answers when it is ready, or after 30 "
                    + "seconds with the status deploying. A model below a minimum is refused; the minimum holds for later models of the "
                    + "name too.")
                .TakesOnce<DeploymentRequestBody>(DeploymentExamples.Request)
                .Answers<DeploymentBody>(DeploymentExamples.Deployment, AnswerHeaderTable.Limits),
            OfDeploymentBody);
        Free(
            Map(routes, "GET", "/v1/fine_tuning/deployments")
                .Describe("listDeployments", Tag, "List deployments", "Lists the project's deployments by name.")
                .Answers<DeploymentListBody>(DeploymentExamples.List),
            [OpenAiError.UnknownParameter("limit")]);
        Free(
            Map(routes, "GET", "/v1/fine_tuning/deployments/{deployment}")
                .Describe("retrieveDeployment", Tag, "Show a deployment", "Shows which model a name points at, and whether it is ready.")
                .HasId("deployment", "Name of a deployment.").Answers<DeploymentBody>(DeploymentExamples.Deployment),
            OfDeployment);
        Counted(
            Map(routes, "POST", "/v1/fine_tuning/deployments/{deployment}/rollback")
                .Describe(
                    "rollBackDeployment", Tag, "Go back to the model before",
                    "Lets the name point at the model that it pointed at before, which is still installed. The same call again goes "
                    + "forward again.")
                .HasId("deployment", "Name of a deployment.")
                .Answers<DeploymentBody>(DeploymentExamples.Deployment, AnswerHeaderTable.Limits),
            [.. OfDeployment, OpenAiError.NothingToRollBack("mood")]);
        Counted(
            Map(routes, "DELETE", "/v1/fine_tuning/deployments/{deployment}")
                .Describe(
                    "deleteDeployment", Tag, "Delete a deployment", "Requests that use the name get 404 from then on. Its models stay.")
                .HasId("deployment", "Name of a deployment.")
                .Answers<DeletedDeploymentBody>(DeploymentExamples.Deleted, AnswerHeaderTable.Limits),
            OfDeployment);
        MapModels(routes);
    }

    private void MapModels(IEndpointRouteBuilder routes)
    {
        Free(
            Map(routes, "GET", "/v1/fine_tuning/models")
                .Describe(
                    "listTrainedModels", Tag, "List trained models", "Lists the models that the project has trained, the newest first.")
                .AsksFor(DeploymentExamples.ListParameters)
                .Answers<TrainedModelListBody>(DeploymentExamples.Models),
            [OpenAiError.InvalidValue("limit", "an integer between 1 and 100", "'0'"), OpenAiError.UnknownParameter("before")]);
        Counted(
            Map(routes, "DELETE", "/v1/fine_tuning/models/{model}")
                .Describe(
                    "deleteTrainedModel", Tag, "Delete a trained model",
                    "Destroys the key of the model's content, and then the content. A model that a deployment points at is refused. What "
                    + "stays is the receipt.")
                .HasId("model", "Name of a trained model.")
                .Answers<DeletedTrainedModelBody>(DeploymentExamples.DeletedModel, AnswerHeaderTable.Limits),
            [.. OfModel, OpenAiError.ModelIsDeployed(TrainedModel, "mood")]);
        Free(
            Map(routes, "GET", "/v1/fine_tuning/models/{model}/receipt")
                .Describe(
                    "retrieveTrainedModelReceipt", Tag, "Show the receipt of a deleted model",
                    "States who deleted the model and when, its length and SHA-256, signed by the installation.")
                .HasId("model", "Name of a deleted model.").Answers<TrainedModelReceiptBody>(DeploymentExamples.Receipt),
            OfModel);
    }
}
