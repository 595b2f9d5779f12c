using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Anthropic;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Responses;
using Tollgate.Contracts.Tensors;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.OpenApi;

/// <summary>The document's schema of a request and the parser that reads it agree on the value of each member.</summary>
public sealed class RequestAgreementTests(RequestAgreementTests.Document document) : IClassFixture<RequestAgreementTests.Document>
{
    [Theory]
    [InlineData("\"model\":\"\"", false)]
    [InlineData("\"messages\":[]", false)]
    [InlineData("\"max_completion_tokens\":1", true)]
    [InlineData("\"max_completion_tokens\":0", false)]
    [InlineData("\"max_tokens\":2147483647", true)]
    [InlineData("\"max_tokens\":\"5\"", false)]
    [InlineData("\"n\":128", true)]
    [InlineData("\"n\":129", false)]
    [InlineData("\"n\":1.5", false)]
    [InlineData("\"temperature\":2", true)]
    [InlineData("\"temperature\":2.1", false)]
    [InlineData("\"top_p\":0", true)]
    [InlineData("\"top_p\":-0.1", false)]
    [InlineData("\"seed\":-7", true)]
    [InlineData("\"stop\":\"x\"", true)]
    [InlineData("\"stop\":[\"x\",\"y\"]", true)]
    [InlineData("\"stop\":null", true)]
    [InlineData("\"stop\":7", false)]
    [InlineData("\"presence_penalty\":-2", true)]
    [InlineData("\"frequency_penalty\":3", false)]
    [InlineData("\"logit_bias\":{\"17\":-100}", true)]
    [InlineData("\"logit_bias\":[]", false)]
    [InlineData("\"logprobs\":true,\"top_logprobs\":20", true)]
    [InlineData("\"logprobs\":true,\"top_logprobs\":21", false)]
    [InlineData("\"stream\":true,\"stream_options\":{\"include_usage\":true,\"include_obfuscation\":false}", true)]
    [InlineData("\"stream\":true,\"stream_options\":{\"x\":1}", false)]
    [InlineData("\"user\":\"u\",\"safety_identifier\":\"s\",\"prompt_cache_key\":\"k\"", true)]
    [InlineData("\"metadata\":{\"a\":\"b\"}", true)]
    [InlineData("\"metadata\":{\"a\":1}", false)]
    [InlineData("\"prompt_cache_options\":{\"mode\":\"implicit\"},\"prediction\":{\"type\":\"content\"}", true)]
    [InlineData("\"prediction\":null", true)]
    [InlineData("\"prediction\":\"x\"", false)]
    [InlineData("\"prompt_cache_retention\":\"24h\"", true)]
    [InlineData("\"prompt_cache_retention\":\"48h\"", false)]
    [InlineData("\"reasoning_effort\":\"xhigh\"", true)]
    [InlineData("\"reasoning_effort\":null", true)]
    [InlineData("\"reasoning_effort\":\"huge\"", false)]
    [InlineData("\"verbosity\":\"low\"", true)]
    [InlineData("\"service_tier\":\"default\"", true)]
    [InlineData("\"service_tier\":\"flex\"", false)]
    [InlineData("\"store\":false", true)]
    [InlineData("\"store\":true", false)]
    [InlineData("\"modalities\":[\"text\"]", true)]
    [InlineData("\"modalities\":[\"audio\"]", false)]
    [InlineData("\"response_format\":{\"type\":\"text\"}", true)]
    [InlineData("\"response_format\":{\"type\":\"json_object\"}", true)]
    [InlineData("\"response_format\":{\"type\":\"text\",\"json_schema\":{}}", false)]
    [InlineData("\"response_format\":{\"type\":\"xml\"}", false)]
    [InlineData("\"response_format\":{\"type\":\"regex\",\"pattern\":\"a+\"}", true)]
    [InlineData("\"response_format\":{\"type\":\"grammar\",\"grammar\":\"root ::= \\\"a\\\"\",\"syntax\":\"gbnf\"}", true)]
    [InlineData("\"response_format\":{\"type\":\"grammar\",\"grammar\":\"x\",\"syntax\":\"yacc\"}", false)]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":{},\"strict\":true}}", true)]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{}}}", false)]
    [InlineData("\"structured_outputs\":{\"choice\":[\"a\",\"b\"]}", true)]
    [InlineData("\"structured_outputs\":{\"x\":1}", false)]
    [InlineData("\"guided_json\":{\"type\":\"object\"}", true)]
    [InlineData("\"guided_choice\":[]", false)]
    [InlineData("\"tools\":[],\"functions\":[],\"tool_choice\":\"none\",\"function_call\":\"auto\",\"parallel_tool_calls\":true", true)]
    [InlineData("\"tools\":[{}]", false)]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{},\"strict\":false}}]", true)]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"x\":1}}]", false)]
    [InlineData("\"functions\":[{\"name\":\"f\",\"description\":\"d\"}],\"function_call\":{\"name\":\"f\"}", true)]
    [InlineData("\"functions\":[{\"description\":\"d\"}]", false)]
    [InlineData("\"tool_choice\":7", false)]
    [InlineData("\"audio\":null,\"moderation\":null,\"web_search_options\":null", true)]
    [InlineData("\"audio\":{}", false)]
    [InlineData("\"moderation\":{}", false)]
    [InlineData("\"web_search_options\":{}", false)]
    [InlineData("\"temprature\":1", false)]
    [InlineData("\"top_k\":-1,\"min_p\":1,\"typical_p\":1,\"repetition_penalty\":2,\"min_tokens\":0", true)]
    [InlineData("\"top_k\":-2", false)]
    [InlineData("\"min_p\":1.5", false)]
    [InlineData("\"typical_p\":0", false)]
    [InlineData("\"typical_p\":0.01", true)]
    [InlineData("\"repetition_penalty\":0", false)]
    [InlineData("\"repetition_penalty\":2.5", false)]
    [InlineData("\"min_tokens\":-1", false)]
    [InlineData("\"stop_token_ids\":[1,2],\"allowed_token_ids\":[3],\"bad_words\":[\"x\"]", true)]
    [InlineData("\"stop_token_ids\":\"1\"", false)]
    [InlineData("\"allowed_token_ids\":[]", false)]
    [InlineData("\"bad_words\":[1]", false)]
    [InlineData("\"ignore_eos\":true,\"include_stop_str_in_output\":true,\"skip_special_tokens\":false", true)]
    [InlineData("\"ignore_eos\":\"yes\"", false)]
    [InlineData("\"spaces_between_special_tokens\":true,\"length_penalty\":-1,\"early_stopping\":true", true)]
    [InlineData("\"use_beam_search\":false,\"best_of\":1", true)]
    [InlineData("\"use_beam_search\":true", false)]
    [InlineData("\"best_of\":2", false)]
    [InlineData("\"prompt_logprobs\":0", false)]
    [InlineData("\"truncate_prompt_tokens\":1", false)]
    [InlineData("\"logits_processors\":[]", false)]
    public void A_chat(string members, bool accepted)
    {
        var messages = members.StartsWith("\"messages\"", StringComparison.Ordinal)
            ? "" : "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],";
        var model = members.StartsWith("\"model\"", StringComparison.Ordinal) ? "" : "\"model\":\"a\",";

        Agree("ChatCompletionRequest", $"{{{model}{messages}{members}}}", accepted);
    }

    [Theory]
    [InlineData("\"role\":\"developer\",\"content\":\"Hi\",\"name\":\"Ada\"", true)]
    [InlineData("\"role\":\"function\",\"name\":\"f\",\"content\":null", true)]
    [InlineData("\"role\":\"robot\",\"content\":\"Hi\"", false)]
    [InlineData("\"role\":\"assistant\",\"content\":null,\"function_call\":{\"name\":\"f\",\"arguments\":\"{}\"}", true)]
    [InlineData(
        "\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hi\",\"prompt_cache_breakpoint\":{\"mode\":\"explicit\"}}]", true)]
    [InlineData(
        "\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hi\",\"image_url\":null,\"input_audio\":null,\"file\":null}]", true)]
    [InlineData("\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{}}]", false)]
    [InlineData("\"role\":\"user\",\"content\":7", false)]
    [InlineData("\"role\":\"user\",\"content\":\"Hi\",\"name\":\"\"", false)]
    [InlineData("\"role\":\"assistant\",\"content\":null,\"refusal\":\"No.\",\"annotations\":[],\"tool_calls\":[]", true)]
    [InlineData("\"role\":\"assistant\",\"content\":[{\"type\":\"refusal\",\"refusal\":\"No.\"}]", true)]
    [InlineData("\"role\":\"assistant\",\"content\":\"Hi\",\"tool_call_id\":null,\"function_call\":null,\"audio\":null", true)]
    [InlineData("\"role\":\"assistant\",\"content\":\"Hi\",\"parsed\":[{\"a\":1}]", true)]
    [InlineData(
        "\"role\":\"assistant\",\"content\":null,\"function_call\":{\"name\":\"f\",\"arguments\":\"7\",\"parsed_arguments\":7}", true)]
    [InlineData("\"role\":\"assistant\",\"content\":\"Hi\",\"tool_calls\":[{}]", false)]
    [InlineData("\"role\":\"assistant\",\"content\":\"Hi\",\"audio\":{}", false)]
    [InlineData("\"role\":\"user\",\"content\":\"Hi\",\"tool_call_id\":7", false)]
    public void A_message(string members, bool accepted) =>
        Agree("ChatCompletionRequest", $"{{\"model\":\"a\",\"messages\":[{{{members}}}]}}", accepted);

    [Theory]
    [InlineData("\"max_tokens\":1", true)]
    [InlineData("\"max_tokens\":0", false)]
    [InlineData("\"stream\":true", true)]
    [InlineData("\"system\":\"x\"", true)]
    [InlineData("\"system\":[{\"type\":\"text\",\"text\":\"x\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}]", true)]
    [InlineData("\"system\":[{\"type\":\"image\",\"text\":\"x\"}]", false)]
    [InlineData("\"system\":7", false)]
    [InlineData("\"stop_sequences\":[\"x\"]", true)]
    [InlineData("\"stop_sequences\":\"x\"", false)]
    [InlineData("\"temperature\":1,\"top_p\":0.5", true)]
    [InlineData("\"temperature\":1.1", false)]
    [InlineData("\"metadata\":{\"user_id\":\"u\"}", true)]
    [InlineData("\"metadata\":{\"user\":\"u\"}", false)]
    [InlineData("\"service_tier\":\"standard_only\",\"speed\":\"standard\"", true)]
    [InlineData("\"service_tier\":\"priority\"", false)]
    [InlineData("\"speed\":\"fast\"", false)]
    [InlineData("\"thinking\":{\"type\":\"adaptive\",\"display\":\"omitted\"}", true)]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1023}", false)]
    [InlineData("\"output_config\":{\"effort\":\"high\",\"format\":{\"type\":\"json_schema\",\"schema\":{}}}", true)]
    [InlineData("\"output_config\":{\"format\":{\"type\":\"json_object\",\"schema\":{}}}", false)]
    [InlineData("\"output_format\":{\"type\":\"json_schema\",\"schema\":{},\"name\":\"n\"}", true)]
    [InlineData("\"tools\":[{\"name\":\"a\",\"input_schema\":{\"type\":\"object\"},\"type\":\"custom\",\"strict\":true}]", true)]
    [InlineData("\"tools\":[{\"name\":\"a b\",\"input_schema\":{}}]", false)]
    [InlineData("\"tools\":[{\"name\":\"web_search\",\"type\":\"web_search_20250305\",\"max_uses\":5}]", false)]
    [InlineData("\"tool_choice\":{\"type\":\"auto\",\"disable_parallel_tool_use\":true}", true)]
    [InlineData("\"tool_choice\":\"auto\"", false)]
    [InlineData("\"container\":null,\"inference_geo\":null,\"workspace_id\":null,\"context_management\":null,\"mcp_servers\":[]", true)]
    [InlineData("\"container\":\"c\"", false)]
    [InlineData("\"mcp_servers\":[{}]", false)]
    [InlineData("\"top_logprobs\":1", false)]
    public void A_message_of_Anthropic(string members, bool accepted)
    {
        var cap = members.StartsWith("\"max_tokens\"", StringComparison.Ordinal) ? "" : "\"max_tokens\":5,";

        Agree(
            "MessagesRequestBody", $"{{\"model\":\"a\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hi\"}}],{cap}{members}}}", accepted);
    }

    [Theory]
    [InlineData("\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hi\",\"citations\":null}]", true)]
    [InlineData("\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{}}]", false)]
    [InlineData("\"role\":\"tool\",\"content\":\"Hi\"", false)]
    [InlineData("\"role\":\"user\",\"content\":7", false)]
    [InlineData("\"role\":\"user\",\"content\":\"Hi\",\"name\":\"Ann\"", false)]
    public void A_turn_of_Anthropic(string members, bool accepted) =>
        Agree("CountTokensRequestBody", $"{{\"model\":\"a\",\"messages\":[{{{members}}}]}}", accepted);

    [Theory]
    [InlineData("ResponseRequestBody", "\"model\":\"a\",\"input\":\"x\",\"store\":true,\"max_output_tokens\":5", true)]
    [InlineData("ResponseRequestBody", "\"model\":\"a\",\"input\":[{\"role\":\"user\",\"content\":\"x\"}]", true)]
    [InlineData(
        "ResponseRequestBody",
        "\"model\":\"a\",\"input\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"1\",\"parsed\":1}]}]", true)]
    [InlineData(
        "ResponseRequestBody",
        "\"model\":\"a\",\"input\":[{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"7\","
            + "\"parsed_arguments\":7}]",
        true)]
    [InlineData("ResponseRequestBody", "\"model\":\"a\",\"input\":\"x\",\"tools\":[{\"type\":\"function\",\"name\":\"f\"}]", true)]
    [InlineData("ResponseRequestBody", "\"model\":\"a\",\"input\":\"x\",\"tools\":[{\"type\":\"web_search\"}]", false)]
    [InlineData("ResponseRequestBody", "\"model\":\"a\",\"input\":\"x\",\"background\":true", true)]
    [InlineData("ResponseRequestBody", "\"model\":\"a\",\"input\":\"x\",\"background\":false,\"truncation\":\"disabled\"", true)]
    [InlineData("ResponseRequestBody", "\"model\":\"a\",\"input\":\"x\",\"truncation\":\"auto\"", false)]
    [InlineData("ResponseRequestBody", "\"model\":\"a\",\"input\":\"x\",\"reasoning\":{\"effort\":\"low\",\"summary\":null}", true)]
    [InlineData("ResponseRequestBody", "\"model\":\"a\",\"input\":\"x\",\"text\":{\"format\":{\"type\":\"text\"}}", true)]
    [InlineData("ResponseRequestBody", "\"model\":\"a\",\"input\":\"x\",\"conversation\":\"c\"", false)]
    [InlineData("ResponseRequestBody", "\"model\":\"a\",\"input\":\"x\",\"n\":1", false)]
    [InlineData("ResponseRequestBody", "\"model\":\"a\",\"input\":\"x\",\"top_k\":-1,\"min_p\":1,\"allowed_token_ids\":[7]", true)]
    [InlineData("ResponseRequestBody", "\"model\":\"a\",\"input\":\"x\",\"typical_p\":0", false)]
    [InlineData("ResponseRequestBody", "\"model\":\"a\",\"input\":\"x\",\"use_beam_search\":true", false)]
    [InlineData("ResponseRequestBody", "\"model\":\"a\"", false)]
    [InlineData("CompletionRequestBody", "\"model\":\"a\",\"prompt\":\"x\"", true)]
    [InlineData("CompletionRequestBody", "\"model\":\"a\",\"prompt\":[\"x\",\"y\"]", true)]
    [InlineData("CompletionRequestBody", "\"model\":\"a\",\"prompt\":[1,2]", true)]
    [InlineData("CompletionRequestBody", "\"model\":\"a\",\"prompt\":[[1],[2]]", true)]
    [InlineData("CompletionRequestBody", "\"model\":\"a\",\"prompt\":[1,\"x\"]", false)]
    [InlineData("CompletionRequestBody", "\"model\":\"a\"", false)]
    [InlineData("CompletionRequestBody", "\"prompt\":\"x\"", false)]
    [InlineData(
        "CompletionRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"max_tokens\":0,\"best_of\":20,\"echo\":true,\"logprobs\":5", true)]
    [InlineData("CompletionRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"best_of\":21", false)]
    [InlineData("CompletionRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"logprobs\":6", false)]
    [InlineData("CompletionRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"suffix\":null", true)]
    [InlineData("CompletionRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"suffix\":\"y\",\"top_k\":5", true)]
    [InlineData("CompletionRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"suffix\":1", false)]
    [InlineData("EngineCompletionRequestBody", "\"prompt\":\"x\"", true)]
    [InlineData("EngineCompletionRequestBody", "\"prompt\":\"x\",\"model\":null", true)]
    [InlineData("EngineCompletionRequestBody", "\"prompt\":\"x\",\"model\":\"engine\"", true)]
    [InlineData("EmbeddingRequestBody", "\"model\":\"a\",\"input\":\"x\",\"encoding_format\":\"base64\",\"user\":\"u\"", true)]
    [InlineData("EmbeddingRequestBody", "\"model\":\"a\",\"input\":[[1],[2]],\"dimensions\":5", true)]
    [InlineData("EmbeddingRequestBody", "\"model\":\"a\",\"input\":\"x\",\"dimensions\":0", false)]
    [InlineData("EmbeddingRequestBody", "\"model\":\"a\",\"input\":\"x\",\"encoding_format\":\"int8\"", false)]
    [InlineData("EmbeddingRequestBody", "\"model\":\"a\",\"input\":\"x\",\"stream\":true", false)]
    [InlineData("EmbeddingRequestBody", "\"model\":\"a\",\"input\":\"x\",\"input_type\":\"search_query\"", true)]
    [InlineData("EmbeddingRequestBody", "\"model\":\"a\",\"input\":\"x\",\"input_type\":\"image\"", false)]
    [InlineData("RerankRequestBody", "\"model\":\"a\",\"query\":\"x\",\"documents\":[\"y\"],\"top_n\":3,\"priority\":0", true)]
    [InlineData("RerankRequestBody", "\"model\":\"a\",\"query\":\"x\",\"documents\":[{\"text\":\"y\"}],\"truncate\":false", true)]
    [InlineData("RerankRequestBody", "\"model\":\"a\",\"query\":\"x\",\"documents\":[{\"title\":\"y\"}]", false)]
    [InlineData("RerankRequestBody", "\"model\":\"a\",\"query\":\"x\",\"documents\":\"y\"", false)]
    [InlineData("RerankRequestBody", "\"model\":\"a\",\"query\":\"x\",\"documents\":[\"y\"],\"top_n\":0", false)]
    [InlineData("RerankRequestBody", "\"model\":\"a\",\"query\":\"\",\"documents\":[\"y\"]", false)]
    [InlineData("RerankRequestBody", "\"model\":\"a\",\"documents\":[\"y\"]", false)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"\",\"top_n\":1,\"user\":\"u\"", true)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":[[1],[2]],\"return_all_scores\":true", true)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"top_n\":0", false)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"return_all_scores\":1", false)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"truncation\":\"windows\"", true)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"truncation\":\"left\"", false)]
    [InlineData("ClassificationRequestBody", "\"input\":\"x\"", false)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"explain\":true", true)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"explain\":false", true)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"explain\":null", true)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"explain\":1", false)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"explain\":{}", true)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"explain\":{\"label\":\"b\",\"steps\":17}", true)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"explain\":{\"method\":\"linear\"}", true)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"explain\":{\"label\":null,\"steps\":1025}", true)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"explain\":{\"steps\":16}", false)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"explain\":{\"steps\":1026}", false)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"explain\":{\"label\":\"\"}", false)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"explain\":{\"method\":\"lime\"}", false)]
    [InlineData("ClassificationRequestBody", "\"model\":\"a\",\"input\":\"x\",\"explain\":{\"points\":9}", false)]
    [InlineData("PredictRequestBody", "\"data\":\"x\",\"explain\":{\"steps\":33}", true)]
    [InlineData("PredictRequestBody", "\"data\":\"x\",\"explain\":\"yes\"", false)]
    [InlineData("PredictRequestBody", "\"data\":\"x\"", true)]
    [InlineData("PredictRequestBody", "\"data\":[\"x\",\"\"],\"model\":\"a\"", true)]
    [InlineData("PredictRequestBody", "\"data\":\"x\",\"model\":null", true)]
    [InlineData("PredictRequestBody", "\"data\":[1]", false)]
    [InlineData("PredictRequestBody", "\"data\":\"x\",\"model\":\"\"", false)]
    [InlineData("PredictRequestBody", "\"text\":\"x\"", false)]
    [InlineData("ModerationRequestBody", "\"input\":\"x\",\"model\":null", true)]
    [InlineData("ModerationRequestBody", "\"input\":[\"x\",\"y\"],\"model\":\"a\"", true)]
    [InlineData("ModerationRequestBody", "\"input\":[{\"type\":\"text\",\"text\":\"x\",\"image_url\":null}]", true)]
    [InlineData("ModerationRequestBody", "\"input\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"GIF\"}}]", true)]
    [InlineData(
        "ModerationRequestBody",
        "\"input\":[{\"type\":\"text\",\"text\":\"x\"},{\"type\":\"image_url\",\"text\":null,\"image_url\":{\"url\":\"GIF\"}}]", true)]
    [InlineData("ModerationRequestBody", "\"input\":[{\"type\":\"image_url\",\"image_url\":{}}]", false)]
    [InlineData("ModerationRequestBody", "\"input\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"GIF\",\"detail\":\"low\"}}]", false)]
    [InlineData("ModerationRequestBody", "\"input\":[{\"type\":\"image_url\",\"text\":\"x\",\"image_url\":{\"url\":\"GIF\"}}]", false)]
    [InlineData("ModerationRequestBody", "\"input\":[{\"type\":\"image_url\"}]", false)]
    [InlineData("ModerationRequestBody", "\"input\":[{\"type\":\"text\"}]", false)]
    [InlineData("ModerationRequestBody", "\"input\":[1]", false)]
    [InlineData("ImageClassificationRequestBody", "\"model\":\"a\",\"image\":\"GIF\",\"top_n\":1000,\"user\":\"u\"", true)]
    [InlineData("ImageClassificationRequestBody", "\"model\":\"a\",\"image\":[\"GIF\",\"data:image/gif;base64,GIF\"]", true)]
    [InlineData("ImageClassificationRequestBody", "\"model\":\"a\",\"image\":\"GIF\",\"top_n\":1001", false)]
    [InlineData("ImageClassificationRequestBody", "\"model\":\"a\",\"image\":7", false)]
    [InlineData("ImageClassificationRequestBody", "\"image\":\"GIF\"", false)]
    [InlineData("ImageDetectionRequestBody", "\"model\":\"a\",\"image\":\"GIF\",\"threshold\":1,\"top_k\":1000,\"user\":\"u\"", true)]
    [InlineData("ImageDetectionRequestBody", "\"model\":\"a\",\"image\":[\"GIF\"],\"threshold\":null", true)]
    [InlineData("ImageDetectionRequestBody", "\"model\":\"a\",\"image\":\"GIF\",\"threshold\":1.1", false)]
    [InlineData("ImageDetectionRequestBody", "\"model\":\"a\",\"image\":\"GIF\",\"top_k\":0", false)]
    [InlineData("ImageDetectionRequestBody", "\"model\":\"a\",\"image\":\"GIF\",\"top_n\":1", false)]
    [InlineData("ImageOcrRequestBody", "\"model\":\"a\",\"image\":\"GIF\",\"min_confidence\":0.5,\"user\":\"u\"", true)]
    [InlineData("ImageOcrRequestBody", "\"model\":\"a\",\"image\":\"GIF\",\"language\":null", true)]
    [InlineData("ImageOcrRequestBody", "\"model\":\"a\",\"image\":\"GIF\",\"language\":\"en\"", false)]
    [InlineData("ImageOcrRequestBody", "\"model\":\"a\",\"image\":\"GIF\",\"min_confidence\":1.5", false)]
    [InlineData("ImageOcrRequestBody", "\"model\":\"a\",\"image\":[\"GIF\"]", false)]
    [InlineData("ImageOcrRequestBody", "\"image\":\"GIF\"", false)]
    [InlineData("ImageGenerationRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"n\":10,\"size\":\"64x64\",\"seed\":0", true)]
    [InlineData("ImageGenerationRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"size\":\"auto\",\"user\":\"u\"", true)]
    [InlineData("ImageGenerationRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"n\":11", false)]
    [InlineData("ImageGenerationRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"size\":\"big\"", false)]
    [InlineData("ImageGenerationRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"output_format\":\"gif\"", false)]
    [InlineData("ImageGenerationRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"response_format\":\"url\"", false)]
    [InlineData("ImageGenerationRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"style\":null,\"quality\":\"auto\"", true)]
    [InlineData("ImageGenerationRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"style\":\"vivid\"", false)]
    [InlineData("ImageGenerationRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"background\":\"transparent\"", false)]
    [InlineData("ImageGenerationRequestBody", "\"model\":\"a\",\"prompt\":\"\"", false)]
    [InlineData("ImageGenerationRequestBody", "\"model\":\"a\",\"prompt\":\"x\",\"guidance\":100.5", false)]
    [InlineData("InferRequestBody", "\"inputs\":[{\"name\":\"x\",\"shape\":[2],\"datatype\":\"INT8\",\"data\":[1,-1]}]", true)]
    [InlineData(
        "InferRequestBody",
        "\"id\":\"7\",\"parameters\":{\"binary_data_output\":true,\"priority\":1,\"timeout\":0,\"content_type\":\"np\","
            + "\"sequence_id\":null},"
            + "\"inputs\":[{\"name\":\"x\",\"shape\":[1,1],\"datatype\":\"BYTES\",\"data\":[[\"a\"]],\"parameters\":null}],"
            + "\"outputs\":[{\"name\":\"y\",\"parameters\":{\"binary_data\":false,\"classification\":null}}]",
        true)]
    [InlineData("InferRequestBody", "\"inputs\":[]", false)]
    [InlineData("InferRequestBody", "\"outputs\":[]", false)]
    [InlineData("InferRequestBody", "\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"STRING\",\"data\":[\"a\"]}]", false)]
    [InlineData("InferRequestBody", "\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"dataType\":\"INT8\",\"data\":[1]}]", false)]
    [InlineData("InferRequestBody", "\"inputs\":[{\"name\":\"x\",\"datatype\":\"INT8\",\"data\":[1]}]", false)]
    [InlineData("InferRequestBody", "\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":\"AQ==\"}]", false)]
    [InlineData(
        "InferRequestBody",
        "\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1],\"parameters\":{\"shared_memory_region\":\"r\"}}]",
        false)]
    [InlineData(
        "InferRequestBody",
        "\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1]}],\"parameters\":{\"sequence_id\":1}", false)]
    [InlineData(
        "InferRequestBody",
        "\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1]}],"
            + "\"outputs\":[{\"name\":\"y\",\"parameters\":{\"classification\":3}}]",
        false)]
    [InlineData("UploadRequestBody", "\"bytes\":1,\"filename\":\"a\",\"mime_type\":\"text/jsonl\",\"purpose\":\"batch\"", true)]
    [InlineData("UploadRequestBody", "\"bytes\":0,\"filename\":\"a\",\"mime_type\":\"text/jsonl\",\"purpose\":\"batch\"", false)]
    [InlineData("UploadRequestBody", "\"bytes\":1,\"filename\":\"\",\"mime_type\":\"text/jsonl\",\"purpose\":\"batch\"", false)]
    [InlineData("UploadRequestBody", "\"bytes\":1,\"filename\":\"a\",\"mime_type\":\"\",\"purpose\":\"batch\"", false)]
    [InlineData("UploadRequestBody", "\"bytes\":1,\"filename\":\"a\",\"mime_type\":\"a/b\",\"purpose\":\"vision\"", false)]
    [InlineData("UploadRequestBody", "\"filename\":\"a\",\"mime_type\":\"a/b\",\"purpose\":\"batch\"", false)]
    [InlineData(
        "UploadRequestBody",
        "\"bytes\":1,\"filename\":\"a\",\"mime_type\":\"a/b\",\"purpose\":\"batch\","
            + "\"expires_after\":{\"anchor\":\"created_at\",\"seconds\":3600}",
        true)]
    [InlineData(
        "UploadRequestBody",
        "\"bytes\":1,\"filename\":\"a\",\"mime_type\":\"a/b\",\"purpose\":\"batch\","
            + "\"expires_after\":{\"anchor\":\"created_at\",\"seconds\":3599}",
        false)]
    [InlineData(
        "UploadRequestBody",
        "\"bytes\":1,\"filename\":\"a\",\"mime_type\":\"a/b\",\"purpose\":\"batch\",\"expires_after\":{\"seconds\":3600}", false)]
    [InlineData("UploadCompletionBody", "\"part_ids\":[\"a\",\"b\"],\"md5\":\"00112233445566778899AAbbccddeeff\"", true)]
    [InlineData("UploadCompletionBody", "\"part_ids\":[\"a\"],\"md5\":null", true)]
    [InlineData("UploadCompletionBody", "\"part_ids\":[]", false)]
    [InlineData("UploadCompletionBody", "\"part_ids\":[1]", false)]
    [InlineData("UploadCompletionBody", "\"part_ids\":[\"a\"],\"md5\":\"00\"", false)]
    [InlineData("BatchRequestBody", "\"input_file_id\":\"f\",\"endpoint\":\"/v1/embeddings\",\"completion_window\":\"24h\"", true)]
    [InlineData("BatchRequestBody", "\"input_file_id\":\"f\",\"endpoint\":\"/v1/files\",\"completion_window\":\"24h\"", false)]
    [InlineData("BatchRequestBody", "\"input_file_id\":\"f\",\"endpoint\":\"/v1/embeddings\",\"completion_window\":\"1h\"", false)]
    [InlineData("BatchRequestBody", "\"endpoint\":\"/v1/embeddings\",\"completion_window\":\"24h\"", false)]
    [InlineData(
        "BatchRequestBody",
        "\"input_file_id\":\"f\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\",\"metadata\":{\"a\":\"b\"},"
            + "\"output_expires_after\":{\"anchor\":\"created_at\",\"seconds\":3600}",
        true)]
    [InlineData(
        "BatchRequestBody",
        "\"input_file_id\":\"f\",\"endpoint\":\"/v1/rerank\",\"completion_window\":\"24h\",\"metadata\":{\"a\":1}", false)]
    [InlineData("DeploymentRequestBody", "\"model\":\"a\",\"name\":\"mood\"", true)]
    [InlineData("DeploymentRequestBody", "\"model\":\"a\",\"name\":null,\"minimum\":null", true)]
    [InlineData("DeploymentRequestBody", "\"model\":\"a\",\"minimum\":{\"metric\":\"macro_f1\",\"value\":1}", true)]
    [InlineData("DeploymentRequestBody", "\"model\":\"\"", false)]
    [InlineData("DeploymentRequestBody", "\"name\":\"mood\"", false)]
    [InlineData("DeploymentRequestBody", "\"model\":\"a\",\"name\":\"Mood\"", false)]
    [InlineData("DeploymentRequestBody", "\"model\":\"a\",\"minimum\":{\"metric\":\"f1\",\"value\":1}", false)]
    [InlineData("DeploymentRequestBody", "\"model\":\"a\",\"minimum\":{\"metric\":\"accuracy\",\"value\":1.1}", false)]
    [InlineData("DeploymentRequestBody", "\"model\":\"a\",\"minimum\":{\"metric\":\"accuracy\"}", false)]
    [InlineData("FineTuningJobRequestBody", "\"model\":\"m\",\"training_file\":\"f\"", true)]
    [InlineData("FineTuningJobRequestBody", "\"model\":\"m\"", false)]
    [InlineData("FineTuningJobRequestBody", "\"model\":\"\",\"training_file\":\"f\"", false)]
    [InlineData(
        "FineTuningJobRequestBody",
        "\"model\":\"m\",\"training_file\":\"f\",\"validation_file\":null,\"seed\":0,\"suffix\":\"My-1\",\"integrations\":[],"
            + "\"hyperparameters\":{\"n_epochs\":\"auto\",\"batch_size\":4,\"learning_rate_multiplier\":0.5},\"metadata\":{\"a\":\"b\"}",
        true)]
    [InlineData(
        "FineTuningJobRequestBody",
        "\"model\":\"m\",\"training_file\":\"f\",\"method\":{\"type\":\"head\",\"dpo\":null,\"head\":{\"hyperparameters\":"
            + "{\"n_epochs\":3}}},\"budget\":{\"usd\":1.5,\"trained_tokens\":9},\"int8\":true,\"balance_labels\":false,"
            + "\"early_stopping\":true,\"validation_share\":0.3,\"checkpoint_every\":7",
        true)]
    [InlineData("FineTuningJobRequestBody", "\"model\":\"m\",\"training_file\":\"f\",\"suffix\":\"a b\"", false)]
    [InlineData("FineTuningJobRequestBody", "\"model\":\"m\",\"training_file\":\"f\",\"seed\":-1", false)]
    [InlineData("FineTuningJobRequestBody", "\"model\":\"m\",\"training_file\":\"f\",\"seed\":2147483648", false)]
    [InlineData("FineTuningJobRequestBody", "\"model\":\"m\",\"training_file\":\"f\",\"validation_share\":1", false)]
    [InlineData("FineTuningJobRequestBody", "\"model\":\"m\",\"training_file\":\"f\",\"checkpoint_every\":0", false)]
    [InlineData("FineTuningJobRequestBody", "\"model\":\"m\",\"training_file\":\"f\",\"method\":{\"type\":\"dpo\"}", false)]
    [InlineData("FineTuningJobRequestBody", "\"model\":\"m\",\"training_file\":\"f\",\"method\":{}", false)]
    [InlineData("FineTuningJobRequestBody", "\"model\":\"m\",\"training_file\":\"f\",\"budget\":{\"trained_tokens\":0}", false)]
    [InlineData("FineTuningJobRequestBody", "\"model\":\"m\",\"training_file\":\"f\",\"integrations\":[{\"type\":\"wandb\"}]", false)]
    [InlineData("FineTuningJobRequestBody", "\"model\":\"m\",\"training_file\":\"f\",\"epochs\":1", false)]
    [InlineData(
        "FederatedMessageBody",
        "\"participant\":1,\"round\":0,\"attempt\":0,\"phase\":\"join\",\"payload\":\"\",\"signature\":\"AAAA\"", true)]
    [InlineData("FederatedMessageBody", "\"participant\":1,\"round\":0,\"attempt\":0,\"phase\":\"join\",\"payload\":\"\"", false)]
    [InlineData(
        "FederatedMessageBody",
        "\"participant\":0,\"round\":0,\"attempt\":0,\"phase\":\"join\",\"payload\":\"\",\"signature\":\"AAAA\"", false)]
    [InlineData(
        "FederatedMessageBody",
        "\"participant\":1,\"round\":0,\"attempt\":0,\"phase\":\"sum\",\"payload\":\"\",\"signature\":\"AAAA\"", false)]
    public void Another_request(string schema, string members, bool accepted) =>
        Agree(schema, $"{{{members.Replace("GIF", Convert.ToBase64String(PictureBytes.Gif), StringComparison.Ordinal)}}}", accepted);

    [Theory]
    [InlineData("", true)]
    [InlineData(",\"rounds\":200,\"clip_norm\":0.001,\"noise_multiplier\":100,\"delta\":0.1", true)]
    [InlineData(",\"rounds\":201", false)]
    [InlineData(",\"clip_norm\":0", false)]
    [InlineData(",\"noise_multiplier\":-1", false)]
    [InlineData(",\"evaluation_rows\":0,\"phase_seconds\":1,\"join_seconds\":1,\"attempts\":1", true)]
    [InlineData(",\"phase_seconds\":0", false)]
    [InlineData(",\"join_seconds\":2592001", false)]
    [InlineData(",\"hyperparameters\":{\"n_epochs\":1,\"penalty\":0,\"seed\":-1}", true)]
    [InlineData(",\"hyperparameters\":{\"n_epochs\":0}", false)]
    [InlineData(",\"model\":\"m\"", false)]
    public void A_federated_training(string more, bool accepted)
    {
        var participants = string.Join(',', Enumerable.Range(0, 3).Select(number =>
        {
            using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
            return $"{{\"name\":\"p{number}\",\"public_key\":\"{Convert.ToBase64String(key.ExportSubjectPublicKeyInfo())}\"}}";
        }));

        Agree(
            "FederatedRequestBody",
            $"{{\"base_model\":{{\"name\":\"m\",\"sha256\":\"{new string('a', 64)}\",\"width\":32}},\"labels\":[\"a\",\"b\"],"
                + $"\"participants\":[{participants}],\"minimum\":3{more}}}",
            accepted);
    }

    private void Agree(string schema, string body, bool accepted)
    {
        var error = Parse(schema, Encoding.UTF8.GetBytes(body));
        var faults = document.Schemas.Faults(schema, JsonElement.Parse(body));

        Assert.True(accepted == error is null, $"parser: {error?.Message}");
        Assert.True(accepted == (faults.Length == 0), $"schema: {faults}");
    }

    private static OpenAiError? Parse(string schema, byte[] body)
    {
        OpenAiError? error;
        _ = schema switch
        {
            "ChatCompletionRequest" => ChatRequest.TryParse(body, out _, out error),
            "MessagesRequestBody" => MessagesRequest.TryParse(body, out _, out error),
            "CountTokensRequestBody" => CountTokensRequest.TryParse(body, out _, out error),
            "ResponseRequestBody" => ResponsesRequest.TryParse(body, out _, out error),
            "CompletionRequestBody" => CompletionRequest.TryParse(body, out _, out error),
            "ImageGenerationRequestBody" => ImageGenerationRequest.TryParse(body, out _, out error),
            "EngineCompletionRequestBody" => CompletionRequest.TryParse(body, "engine", out _, out error),
            "RerankRequestBody" => RerankRequest.TryParse(body, out _, out error),
            "ClassificationRequestBody" => ClassificationRequest.TryParse(body, out _, out error),
            "PredictRequestBody" => PredictRequest.TryParse(body, null, out _, out error),
            "ModerationRequestBody" => ModerationRequest.TryParse(body, out _, out error),
            "ImageClassificationRequestBody" => ImageClassificationRequest.TryParse(body, out _, out error),
            "ImageDetectionRequestBody" => ImageDetectionRequest.TryParse(body, out _, out error),
            "UploadRequestBody" => UploadRequest.TryParse(body, out _, out error),
            "BatchRequestBody" => BatchRequest.TryParse(body, out _, out error),
            "DeploymentRequestBody" => DeploymentRequest.TryParse(body, out _, out error),
            "FineTuningJobRequestBody" => FineTuningJobRequest.TryParse(body, out _, out error),
            "UploadCompletionBody" => UploadCompletion.TryParse(body, out _, out error),
            "FederatedRequestBody" => FederatedRequest.TryParse(body, out _, out error),
            "FederatedMessageBody" => FederatedMessageRequest.TryParse(body, out _, out error),
            "ImageOcrRequestBody" => ImageOcrRequest.TryParse(body, out _, out error),
            "InferRequestBody" => InferRequest.TryParse(body, null, "m", null, out _, out error),
            _ => EmbeddingRequest.TryParse(body, out _, out error),
        };
        return error;
    }

    /// <summary>The document's schemas, read once.</summary>
    public sealed class Document : IAsyncLifetime
    {
        private BodySchemas? _schemas;

        internal BodySchemas Schemas => _schemas ?? throw new InvalidOperationException("Not read.");

        public async Task InitializeAsync()
        {
            await using var gateway = await GatewayUnderTest.StartAsync();
            _schemas = new BodySchemas(await gateway.Http.GetStringAsync("/openapi/v1.json"));
        }

        public Task DisposeAsync() => Task.CompletedTask;
    }
}
