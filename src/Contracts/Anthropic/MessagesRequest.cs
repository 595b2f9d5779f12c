using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Anthropic;

/// <summary><c>POST /v1/messages</c>.</summary>
public sealed partial record MessagesRequest : ConversationRequest
{
    public override string FormatMember => MessagesMembers.FormatMember;

    public override string? CapMember => "max_tokens";
}

/// <summary><c>POST /v1/messages/count_tokens</c>: how many tokens the prompt of a conversation has. Nothing is computed, and nothing is
/// charged.</summary>
public sealed partial record CountTokensRequest : ConversationRequest
{
    public override string FormatMember => MessagesMembers.FormatMember;

    public override bool Generates => false;

    public override int MostReadings => 0;
}
