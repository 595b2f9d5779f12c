using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Moderation;

/// <summary>A loaded classifier whose labels may be categories of harm.</summary>
internal interface IModerator
{
    /// <summary>Null for a model that does not moderate.</summary>
    ModerationMap? Moderation { get; }

    /// <summary>Whether it judges pictures instead of texts.</summary>
    bool JudgesPictures { get; }

    /// <summary>Makes a job of a request that holds nothing but what the model judges.</summary>
    /// <param name="map">Its <see cref="Moderation"/>.</param>
    ITaskJob Moderate(ModerationRequest request, ModerationMap map);
}
