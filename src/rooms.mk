# The rooms of the house: each folder of src/ with sources, lower ones first, and the rooms whose headers it may include.
# A row "room+" stands for that room and all that it may include. The Makefile makes of each a static library and links
# the tests of a room with the rooms that it reaches; tests/layers.sh holds the includes against it.

sees_base :=
sees_os := base
sees_crypto := os+
sees_net := os+

sees_proto := base crypto
sees_proto/wire := proto+
sees_proto/channel := proto/wire+
sees_proto/session := proto/channel+
sees_proto/mail := proto/session+

sees_server/policy := proto/wire+
sees_server/accounts := server/policy+ os
sees_server/mailbox := server/policy+ os
sees_server/relay := server/accounts+ server/mailbox+ proto/channel+
sees_server/admin := server/relay+
sees_server/daemon := server/admin+ net+
sees_ctl := server/admin server/accounts server/policy proto/wire+ os net

sees_client/model := proto/wire+
sees_client/state := client/model+
sees_client/conversation := client/state+ proto/mail+
sees_client/mail := client/conversation+
sees_client/core := client/mail+
sees_client/store := client/model+ os net
sees_client/holder := client/core+ client/store net os
sees_client/link := client/core+ client/holder net os
sees_cli := client/model+ client/state client/store client/holder client/link net os

sees_tui/term := base
sees_tui/edit := tui/term+
sees_tui/state := tui/edit+ client/model+
sees_tui/view := tui/state+
sees_tui/ui := tui/view+
sees_tui/app := tui/ui+ client/state client/store client/holder client/link net os

# In the order of this file.
ROOMS := base os crypto net proto proto/wire proto/channel proto/session proto/mail \
         server/policy server/accounts server/mailbox server/relay server/admin server/daemon ctl \
         client/model client/state client/conversation client/mail client/core client/store client/holder client/link cli \
         tui/term tui/edit tui/state tui/view tui/ui tui/app
